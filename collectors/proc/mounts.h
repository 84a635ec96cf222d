// SPDX-License-Identifier: Apache-2.0
// Mounted file systems from /proc/PID/mountinfo.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "collectors/support/rows.h"

namespace kernstat {

/// One line (proc(5); kernel: fs/proc_namespace.c, show_mountinfo).
struct Mount {
  std::uint64_t id = 0;
  std::uint64_t parent = 0;
  std::uint32_t major = 0;
  std::uint32_t minor = 0;
  std::string point;       ///< unescaped
  std::string type;        ///< with its subtype: "fuse.sshfs"
  std::string device;      ///< unescaped
  bool read_only = false;  ///< the mount or its file system is
};

/// Reads all whole lines; a line of another shape is left out.
void parse_mountinfo(std::string_view text, Rows<Mount>& into);

/// True when another mount lies on the same point above this one, so that its path leads elsewhere.
bool is_covered(const Mount& mount, const Rows<Mount>& all);

}  // namespace kernstat
