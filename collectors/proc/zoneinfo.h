// SPDX-License-Identifier: Apache-2.0
// Pages of each memory zone from /proc/zoneinfo.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/metrics.h"
#include "collectors/support/result.h"

namespace kernstat {

/// A key of /proc/zoneinfo that is reported, and its family.
struct ZoneField {
  std::string_view key;
  Metric metric;
};
inline constexpr std::size_t kZoneFields = 33;
extern const std::array<ZoneField, kZoneFields> kZoneFieldList;

/// One zone (kernel: mm/vmstat.c). What counts for the whole node stands in its first zone only, as
/// in the file.
struct ZonePages {
  static constexpr std::size_t kMaxProtection = 8;
  std::uint32_t node = 0;
  std::string zone;
  std::array<std::optional<std::uint64_t>, kZoneFields> fields;  ///< as in kZoneFieldList
  std::array<std::uint64_t, kMaxProtection> protection{};
  std::size_t protections = 0;
};

/// The zones of a sample; storage is reused, `used` says how many are of this one.
struct ZoneInfo {
  std::vector<ZonePages> zones;
  std::size_t used = 0;
};

/// Lines that are no known field are left out; kInvalid when there is no zone.
Result<void> parse_zoneinfo(std::string_view text, ZoneInfo& into);

}  // namespace kernstat
