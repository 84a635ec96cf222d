// SPDX-License-Identifier: Apache-2.0
// Events of memory management from /proc/vmstat.
#pragma once

#include <string_view>

#include "collectors/support/keyed_values.h"
#include "collectors/support/result.h"

namespace kernstat {

/// Reads all lines "key number" (kernel: mm/vmstat.c); others are left out. kInvalid when there is
/// none.
Result<void> parse_vmstat(std::string_view text, KeyedValues& into);

}  // namespace kernstat
