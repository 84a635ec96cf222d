// SPDX-License-Identifier: Apache-2.0
// Swap devices and files from /proc/swaps.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/support/result.h"

namespace kernstat {

/// One device or file (kernel: mm/swapfile.c).
struct Swap {
  std::string device;  ///< its path, with the kernel's escapes (\040 for a space) undone
  std::string type;    ///< partition or file
  std::uint64_t size_bytes = 0;
  std::uint64_t used_bytes = 0;
  std::int64_t priority = 0;
};

/// A host without swap has none and that is no error; kInvalid without the title line. A line that
/// is cut or of another form is left out.
Result<void> parse_swaps(std::string_view text, std::vector<Swap>& into);

/// Undoes the octal escapes that the kernel uses for white space and backslashes in paths
/// (fs/seq_file.c, mangle_path).
std::string unescape_path(std::string_view text);

}  // namespace kernstat
