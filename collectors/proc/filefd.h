// SPDX-License-Identifier: Apache-2.0
// Open files of the host from /proc/sys/fs/file-nr.
#pragma once

#include <cstdint>
#include <string_view>

#include "collectors/support/result.h"

namespace kernstat {

/// Kernel: fs/file_table.c, Documentation/admin-guide/sysctl/fs.rst.
struct FileHandles {
  std::uint64_t allocated = 0;
  std::uint64_t maximum = 0;
};

/// Reads "allocated free maximum"; kInvalid when the line is cut or lacks one.
Result<void> parse_file_nr(std::string_view text, FileHandles& into);

}  // namespace kernstat
