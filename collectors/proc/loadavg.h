// SPDX-License-Identifier: Apache-2.0
// Load averages from /proc/loadavg.
#pragma once

#include <string_view>

#include "collectors/support/result.h"

namespace kernstat {

/// Tasks running, waiting to run or in uninterruptible sleep, averaged (kernel: fs/proc/loadavg.c).
struct LoadAverage {
  double load1 = 0;
  double load5 = 0;
  double load15 = 0;
};

/// Reads the first three fields; a line that is cut (no '\n') is kInvalid.
Result<void> parse_loadavg(std::string_view text, LoadAverage& into);

}  // namespace kernstat
