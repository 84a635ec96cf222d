// SPDX-License-Identifier: Apache-2.0
// The distribution from os-release(5).
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "collectors/support/result.h"

namespace kernstat {

/// Fields in the order of their labels; what the file lacks is empty.
struct OsRelease {
  enum Field : std::size_t {
    kBuildId,
    kId,
    kIdLike,
    kImageId,
    kImageVersion,
    kName,
    kPrettyName,
    kVariant,
    kVariantId,
    kVersion,
    kVersionCodename,
    kVersionId,
    kFields
  };
  std::array<std::string, kFields> fields;
  std::string support_end;  ///< SUPPORT_END, a date
};

/// Reads NAME=value lines with the shell's quoting as os-release(5) allows it. The last line counts
/// without its '\n' too: people write this file. kInvalid when no known field is in it.
Result<void> parse_os_release(std::string_view text, OsRelease& into);

/// "12.4-beta" is 12.4; nothing when the text does not begin with a number.
std::optional<double> major_minor(std::string_view version);

/// "2028-06-30" as seconds since 1970, UTC; nothing when it is no date.
std::optional<double> date_seconds(std::string_view date);

}  // namespace kernstat
