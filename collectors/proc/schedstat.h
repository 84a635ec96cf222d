// SPDX-License-Identifier: Apache-2.0
// What the scheduler did on each CPU, from /proc/schedstat.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "collectors/support/result.h"

namespace kernstat {

/// One CPU (kernel: kernel/sched/stats.c, Documentation/scheduler/sched-stats.rst).
struct CpuSchedule {
  std::uint16_t cpu = 0;
  std::uint64_t running_ns = 0;  ///< time that tasks ran
  std::uint64_t waiting_ns = 0;  ///< time that runnable tasks waited to run
  std::uint64_t timeslices = 0;  ///< time slices run
};

/// Reads the lines cpuN in ascending order; a line that is cut or lacks a field is left out.
/// kInvalid when there is none.
Result<void> parse_schedstat(std::string_view text, std::vector<CpuSchedule>& into);

}  // namespace kernstat
