// SPDX-License-Identifier: Apache-2.0
#include "collectors/proc/cpu_times.h"

#include <algorithm>

#include "collectors/support/label_table.h"
#include "collectors/support/text.h"

namespace kernstat {
namespace {

// Ticks beyond this are no time that a CPU can have spent (2^53 ticks are a million years), and a
// double would not hold them exactly.
constexpr std::uint64_t kMaxTicks = std::uint64_t{1} << 53;

bool parse_cpu_line(std::string_view line, CpuTimes& into) {
  constexpr std::string_view kPrefix = "cpu";
  const std::string_view name = next_field(line);
  const auto cpu = to_number<std::uint16_t>(name.substr(kPrefix.size()));
  if (!cpu || *cpu >= kMaxCpus) return false;
  into.cpu = *cpu;
  into.fresh = false;
  for (std::uint64_t& ticks : into.ticks) {
    const auto number = next_number<std::uint64_t>(line);
    if (!number || *number > kMaxTicks) return false;
    ticks = *number;
  }
  return true;
}

// Ticks from one sample to the next of one CPU; steady values do not go back.
double step_of(const CpuTimes& before, const CpuTimes& now, CpuMode mode) {
  return now.of(mode) < before.of(mode) ? 0 : static_cast<double>(now.of(mode) - before.of(mode));
}

}  // namespace

Result<void> parse_cpu_times(std::string_view text, std::vector<CpuTimes>& into) {
  into.clear();
  std::string_view line;
  bool begun = false;
  while (next_whole_line(text, line)) {
    if (!line.starts_with("cpu")) {
      // The lines of CPUs stand together at the beginning.
      if (begun) break;
      continue;
    }
    begun = true;
    CpuTimes times;
    if (!parse_cpu_line(line, times)) continue;
    if (!into.empty() && times.cpu <= into.back().cpu) continue;
    into.push_back(times);
  }
  if (into.empty()) return fail(ErrorKind::kInvalid, "no line of a CPU");
  return {};
}

void SteadyCpuTimes::apply(std::vector<CpuTimes>& cpus) {
  ++calls_;
  for (CpuTimes& times : cpus) {
    if (times.cpu >= states_.size()) states_.resize(std::size_t{times.cpu} + 1);
    State& state = states_[times.cpu];
    const bool known = state.seen != 0;
    bool restarted = known && state.seen + 1 != calls_;
    for (std::size_t i = 0; i < kCpuModes; ++i) {
      if (i == static_cast<std::size_t>(CpuMode::kIowait)) continue;
      restarted = restarted || times.ticks[i] + state.added[i] + limit_ <= state.shown[i];
    }
    for (std::size_t i = 0; i < kCpuModes; ++i) {
      const std::uint64_t value = times.ticks[i] + state.added[i];
      if (restarted && value < state.shown[i]) state.added[i] += state.shown[i] - value;
      state.shown[i] = std::max(state.shown[i], value);
    }
    times.ticks = state.shown;
    times.fresh = !known || restarted;
    state.seen = calls_;
  }
}

CpuStep cpu_step(const std::vector<CpuTimes>& before, const std::vector<CpuTimes>& now,
                 double seconds, double ticks_per_second) {
  // While idle time is held, or late, the columns add up to less than the time that has passed: a
  // CPU that ran for a moment must not look busy all the time.
  const double least = 0.8 * seconds * ticks_per_second;
  CpuStep step;
  double all_time = 0;
  double all_busy = 0;
  double all_steal = 0;
  auto old = before.begin();
  for (const CpuTimes& times : now) {
    old = std::find_if(old, before.end(), [&](const auto& b) { return b.cpu >= times.cpu; });
    if (old == before.end()) break;
    if (old->cpu != times.cpu || times.fresh) continue;
    double busy = 0;
    for (const CpuMode mode :
         {CpuMode::kUser, CpuMode::kNice, CpuMode::kSystem, CpuMode::kIrq, CpuMode::kSoftirq}) {
      busy += step_of(*old, times, mode);
    }
    const double steal = step_of(*old, times, CpuMode::kSteal);
    const double time = std::max(least, busy + steal + step_of(*old, times, CpuMode::kIdle) +
                                            step_of(*old, times, CpuMode::kIowait));
    if (time <= 0) continue;
    all_time += time;
    all_busy += busy;
    all_steal += steal;
    step.busiest = std::max(step.busiest, busy / time);
    step.valid = true;
  }
  if (step.valid) step.host = {all_busy / all_time, all_steal / all_time};
  return step;
}

}  // namespace kernstat
