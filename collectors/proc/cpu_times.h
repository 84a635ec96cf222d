// SPDX-License-Identifier: Apache-2.0
// Time of each CPU by mode from /proc/stat, as counters that never go back.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "collectors/support/result.h"

namespace kernstat {

/// Columns of the lines cpuN of /proc/stat, in the kernel's order (fs/proc/stat.c). Guest time is
/// contained in user, guest_nice in nice.
enum class CpuMode : std::uint8_t {
  kUser,
  kNice,
  kSystem,
  kIdle,
  kIowait,
  kIrq,
  kSoftirq,
  kSteal,
  kGuest,
  kGuestNice,
};
inline constexpr std::size_t kCpuModes = 10;

/// One online CPU. Values are in clock ticks, sysconf(_SC_CLK_TCK) a second.
struct CpuTimes {
  std::uint16_t cpu = 0;
  bool fresh = false;  ///< set by SteadyCpuTimes: no step can be taken from the sample before
  std::array<std::uint64_t, kCpuModes> ticks{};

  std::uint64_t of(CpuMode mode) const { return ticks[static_cast<std::size_t>(mode)]; }
};

/// Reads the lines of single CPUs, in ascending order; a line that is cut, lacks a column or holds
/// an absurd number is left out. kInvalid when there is none.
Result<void> parse_cpu_times(std::string_view text, std::vector<CpuTimes>& into);

/// Keeps the counters of each CPU from going back.
///
/// The kernel's idle and iowait time can step back a little from read to read (they are estimated
/// while a CPU idles), and by a lot when a CPU comes back online, since its idle clock starts anew.
/// A scraper would take either for a restart from zero and add the whole value. So: a small step
/// back holds the value until the kernel has caught up; after a CPU was offline, or when a step
/// back is so large (3 s) that it must have been, this CPU's counters go on from where they were,
/// with the difference added from then on. Other CPUs are not touched. Iowait alone proves nothing:
/// a long sleep that the kernel took for iowait becomes idle time when another CPU wakes the
/// waiting task.
class SteadyCpuTimes {
 public:
  explicit SteadyCpuTimes(std::uint64_t ticks_per_second) : limit_(3 * ticks_per_second) {}

  /// Replaces the kernel's values by the steady ones and sets `fresh` where a CPU has just come or
  /// begun anew. A CPU that is not in `cpus` counts as offline.
  void apply(std::vector<CpuTimes>& cpus);

 private:
  struct State {
    std::uint64_t seen = 0;  // the call to apply() that saw it last; 0: never
    std::array<std::uint64_t, kCpuModes> shown{};
    std::array<std::uint64_t, kCpuModes> added{};
  };
  std::uint64_t limit_;
  std::uint64_t calls_ = 0;
  std::vector<State> states_;  // by the CPU's number
};

/// What share of a step a CPU was busy and stolen, 0 … 1.
struct CpuShares {
  double busy = 0;   ///< neither idle, nor waiting for I/O, nor stolen
  double steal = 0;  ///< taken by the hypervisor
};

/// Shares of the host and of the busiest CPU in a step between two samples, `seconds` apart. CPUs
/// that are in one of them only or `fresh` do not count; nothing when none is left.
struct CpuStep {
  bool valid = false;
  CpuShares host;
  double busiest = 0;
};
CpuStep cpu_step(const std::vector<CpuTimes>& before, const std::vector<CpuTimes>& now,
                 double seconds, double ticks_per_second);

}  // namespace kernstat
