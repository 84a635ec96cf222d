// SPDX-License-Identifier: Apache-2.0
// Pressure stall information from /proc/pressure.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "collectors/support/result.h"

namespace kernstat {

/// Stall time of one resource since boot, in microseconds (kernel: kernel/sched/psi.c,
/// Documentation/accounting/psi.rst).
struct Stall {
  std::optional<std::uint64_t> some;  ///< at least one task waited
  std::optional<std::uint64_t> full;  ///< all tasks that were not idle waited
};

/// Reads total= of the lines `some` and `full`; kInvalid when neither is there whole.
Result<void> parse_pressure(std::string_view text, Stall& into);

}  // namespace kernstat
