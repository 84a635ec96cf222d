// SPDX-License-Identifier: Apache-2.0
// Host-wide counters from /proc/stat; the per-CPU lines are the business of the cpu collector.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "collectors/support/result.h"

namespace kernstat {

/// The host-wide lines of /proc/stat (kernel: fs/proc/stat.c). What the file lacks is empty.
struct KernelStat {
  static constexpr std::size_t kSoftirqs = 10;
  std::optional<std::uint64_t> interrupts;
  std::optional<std::uint64_t> context_switches;
  std::optional<std::uint64_t> boot_time;  ///< seconds since 1970
  std::optional<std::uint64_t> forks;
  std::optional<std::uint64_t> running;  ///< runnable tasks, the one that reads the file among them
  std::optional<std::uint64_t> blocked;  ///< tasks that wait for I/O
  std::array<std::optional<std::uint64_t>, kSoftirqs> softirqs;  ///< in the kernel's order
};

/// kInvalid when not one of the lines is there whole.
Result<void> parse_stat(std::string_view text, KernelStat& into);

}  // namespace kernstat
