// SPDX-License-Identifier: Apache-2.0
// What the daemon itself uses, under the names that every Prometheus client library gives it.
#pragma once

#include <cstdint>
#include <string_view>

#include "collectors/support/result.h"

namespace kernstat {

/// The fields of /proc/<pid>/stat that are used (proc_pid_stat(5), fs/proc/array.c).
struct ProcessStat {
  std::uint64_t threads = 0;
  std::uint64_t start_ticks = 0;  ///< since boot, in units of sysconf(_SC_CLK_TCK)
  std::uint64_t virtual_bytes = 0;
  std::uint64_t resident_pages = 0;
};

Result<ProcessStat> parse_process_stat(std::string_view text);

}  // namespace kernstat
