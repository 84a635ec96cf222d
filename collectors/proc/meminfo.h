// SPDX-License-Identifier: Apache-2.0
// Memory in use from /proc/meminfo: every key of the file.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "collectors/support/keyed_values.h"
#include "collectors/support/result.h"

namespace kernstat {

/// The keys as families name them, `Active(anon)` as `Active_anon_bytes` (kernel:
/// fs/proc/meminfo.c). Fields in kB are bytes here and end in `_bytes`; page counts stay as they
/// are.
struct MemoryInfo {
  KeyedValues fields;
  std::optional<std::uint64_t> total;      ///< MemTotal in bytes
  std::optional<std::uint64_t> available;  ///< MemAvailable in bytes
};

/// Lines that are no field are left out; kInvalid when there is no field at all.
Result<void> parse_meminfo(std::string_view text, MemoryInfo& into);

}  // namespace kernstat
