// SPDX-License-Identifier: Apache-2.0
#include "daemon/collector_log.h"

#include <algorithm>

#include "daemon/log.h"
#include "daemon/version.h"

namespace kernstat {

void log_state(const std::string& name, CollectorState before, CollectorState now,
               const std::string& error) {
  const LogLevel level = now == CollectorState::kFailed ? LogLevel::kError
                         : before == CollectorState::kStarting || now == CollectorState::kOk
                             ? LogLevel::kDebug
                             : LogLevel::kWarn;
  // A recovery is worth as much as the failure was, and so is a problem within a collector.
  const bool recovered = now == CollectorState::kOk && error.empty() &&
                         (before == CollectorState::kFailed || before == now);
  const bool troubled = now == CollectorState::kOk && !error.empty();
  log_line(recovered  ? LogLevel::kInfo
           : troubled ? LogLevel::kWarn
                      : level,
           "collector " + std::string(state_name(now)),
           {{"collector", name}, {"before", state_name(before)}, {"error", error}});
}

void log_summary(const std::vector<CollectorStatus>& all) {
  const auto number = [&](CollectorState state) {
    return std::to_string(std::count_if(
        all.begin(), all.end(), [&](const CollectorStatus& one) { return one.state == state; }));
  };
  log_info("kernstatd is ready", {{"version", version()},
                                  {"collectors", std::to_string(all.size())},
                                  {"ok", number(CollectorState::kOk)},
                                  {"unsupported", number(CollectorState::kUnsupported)},
                                  {"denied", number(CollectorState::kDenied)},
                                  {"failed", number(CollectorState::kFailed)},
                                  {"starting", number(CollectorState::kStarting)}});
  for (const Denied& one : denied_by_reason(all)) {
    constexpr std::string_view kMessage = "a privilege is missing";
    if (one.remedy.empty()) {
      log_warn(kMessage, {{"error", one.why}, {"collectors", one.collectors}});
    } else {
      log_warn(kMessage,
               {{"error", one.why}, {"remedy", one.remedy}, {"collectors", one.collectors}});
    }
  }
}

std::vector<Denied> denied_by_reason(const std::vector<CollectorStatus>& all) {
  std::vector<Denied> reasons;
  for (const CollectorStatus& one : all) {
    if (one.state != CollectorState::kDenied) continue;
    const auto known = std::find_if(reasons.begin(), reasons.end(),
                                    [&](const Denied& other) { return other.why == one.error; });
    if (known != reasons.end()) {
      known->collectors.append(" ").append(one.name);
      continue;
    }
    Denied& added = reasons.emplace_back();
    added.why = one.error;
    added.collectors = one.name;
    if (one.error.find("CAP_") != std::string::npos) {
      added.remedy =
          "run it by the shipped kernstat.service, which gives CAP_BPF and CAP_PERFMON, add others "
          "to AmbientCapabilities= there, or run it as root";
    }
  }
  return reasons;
}

}  // namespace kernstat
