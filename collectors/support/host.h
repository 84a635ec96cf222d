// SPDX-License-Identifier: Apache-2.0
// Where the host's file systems are, and files of them that stay open.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "collectors/support/fd.h"
#include "collectors/support/result.h"

namespace kernstat {

/// The roots of everything that collectors read; the only seam that tests need.
struct Host {
  std::string proc = "/proc";  ///< --path.procfs
  std::string sys = "/sys";    ///< --path.sysfs
  std::string root = "/";      ///< --path.rootfs: where the host's "/" is seen from here

  std::string proc_path(std::string_view file) const { return proc + "/" + std::string(file); }
  std::string sys_path(std::string_view file) const { return sys + "/" + std::string(file); }
  /// The host's network files, whatever namespace this thread is in: <proc>/1/net/FILE where that
  /// can be read, else <proc>/net/FILE.
  std::string net_path(std::string_view file) const;
};

/// A /proc or /sys file that is opened once and read whole at each tick with pread(2) from offset
/// 0. One thread at a time. Steady state allocates nothing: the buffer only grows.
class KeptFile {
 public:
  /// `limit`: the size in bytes beyond which a file is refused instead of read.
  explicit KeptFile(std::string path, std::size_t limit = std::size_t{16} << 20)
      : path_(std::move(path)), limit_(limit) {}

  /// The file's whole text, valid until the next read. Opens the file if it is not open; after an
  /// error it is closed, so that the next read opens it anew. Errors carry the path; a missing file
  /// is kAbsent.
  Result<std::string_view> read();
  const std::string& path() const { return path_; }

 private:
  std::string path_;
  std::size_t limit_;
  Fd fd_;
  std::vector<char> buffer_;
};

/// A small file's whole text, read once. For start-up and slow paths.
Result<std::string> read_file(const std::string& path, std::size_t limit = std::size_t{16} << 20);

/// The names in a directory but "." and "..", sorted.
Result<std::vector<std::string>> list_directory(const std::string& path);

}  // namespace kernstat
