// SPDX-License-Identifier: Apache-2.0
// What the rest of the daemon sees of the running collectors.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/collector.h"
#include "collectors/metrics.h"

namespace kernstat {

/// Which collectors a scrape wants (`collect[]` and `exclude[]`); empty: all.
struct Selection {
  std::vector<std::string> only;
  std::vector<std::string> except;

  bool contains(std::string_view name) const;
};

enum class CollectorState : std::uint8_t {
  kStarting,     ///< no read has ended yet
  kOk,           ///< the last read succeeded
  kUnsupported,  ///< the kernel or the hardware has no such thing
  kDenied,       ///< a privilege is missing, the error says which
  kFailed,       ///< an error; the only one worth an alert
  kShed,         ///< it cost more than its budget and rests for a while
  kOff,          ///< not to run: by its configuration, or no BPF tool may run
};

/// "starting", "ok", "unsupported", "denied", "failed", "shed", "off".
std::string_view state_name(CollectorState state);

/// What is known of one enabled collector or BPF tool now.
struct CollectorStatus {
  std::string name;
  std::string help;
  Lane lane = Lane::kFast;
  CollectorState state = CollectorState::kStarting;
  std::string error;                      ///< with kOk: what is wrong in a part of its sample
  std::chrono::milliseconds interval{0};  ///< configured
  std::chrono::milliseconds effective_interval{0};  ///< after stretching or while retrying rarely
  std::chrono::nanoseconds last_duration{0};        ///< wall time of the last read
  double last_success_seconds = 0;                  ///< Unix time; 0: never
  double sample_age_seconds = 0;                    ///< since the last success; 0 when never
  std::uint64_t ticks = 0;                          ///< reads that ended, well or not
  std::uint64_t missed = 0;                         ///< grid points at which no read could begin
  std::uint64_t failures = 0;                       ///< reads that ended in an error
  std::uint64_t series = 0;                         ///< samples said at the last scrape
};

/// What the serving side needs of the running collectors. Any thread.
class Collectors {
 public:
  Collectors() = default;
  virtual ~Collectors() = default;
  Collectors(const Collectors&) = delete;
  Collectors& operator=(const Collectors&) = delete;
  Collectors(Collectors&&) = delete;
  Collectors& operator=(Collectors&&) = delete;

  /// Says the latest samples of all selected collectors, each under its own lock; those that had
  /// most series the last time come last, so that a limit of series meets them, and behind them
  /// those that yield. Makes no system call that can block.
  virtual void write_all(Families& out, const Selection& selection) = 0;
  /// Says what the daemon knows of the selected collectors and of itself.
  virtual void write_own(Families& out, const Selection& selection) = 0;
  /// One entry a running collector, by name.
  virtual std::vector<CollectorStatus> status() const = 0;
  /// One entry, with state and help alone, for each that is known and does not run: kOff.
  virtual std::vector<CollectorStatus> off() const { return {}; }
  /// False when the lane threads do not come round any more: /-/healthy and the watchdog.
  virtual bool healthy() const = 0;
  /// True when every collector's first read has ended: /-/ready.
  virtual bool ready() const = 0;
};

}  // namespace kernstat
