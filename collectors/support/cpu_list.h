// SPDX-License-Identifier: Apache-2.0
// Lists of CPU numbers as sysfs prints them.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "collectors/support/result.h"

namespace kernstat {

/// Reads "0-3,8,10-11\n" (kernel: lib/bitmap.c, format %*pbl) into ascending numbers. An empty line
/// is an empty list. kInvalid for anything else, for a text without '\n', for numbers beyond
/// kMaxCpus or not ascending.
Result<void> parse_cpu_list(std::string_view text, std::vector<std::uint16_t>& into);

}  // namespace kernstat
