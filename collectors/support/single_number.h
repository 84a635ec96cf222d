// SPDX-License-Identifier: Apache-2.0
// Files that hold one number: most of /proc/sys.
#pragma once

#include <string>
#include <string_view>

#include "collectors/support/result.h"
#include "collectors/support/text.h"

namespace kernstat {

/// Reads "number\n"; kInvalid for anything else, and for a text without '\n'.
template <typename T>
Result<void> parse_single_number(std::string_view text, T& into) {
  std::string_view line;
  if (!next_whole_line(text, line)) return fail(ErrorKind::kInvalid, "cut in the middle of a line");
  const auto number = to_number<T>(trim(line));
  if (!number) {
    return fail(ErrorKind::kInvalid, "'" + std::string(line.substr(0, 32)) + "' is not a number");
  }
  into = *number;
  return {};
}

}  // namespace kernstat
