// SPDX-License-Identifier: Apache-2.0
// Metrics that other programs leave in files.
#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "collectors/proc/textfile_merge.h"

namespace kernstat {

/// The *.prom files of some directories. Looks at each directory and each file with one stat(2) a
/// scan; reads only what has changed. One thread at a time.
class TextDirectory {
 public:
  struct Limits {
    std::size_t file_bytes = 0;
    std::size_t series = 0;
  };
  /// `patterns`: directories, or glob(7) patterns of them. One that is not there is a problem,
  /// unless `may_lack`.
  TextDirectory(std::vector<std::string> patterns, bool may_lack, Limits limits)
      : patterns_(std::move(patterns)), may_lack_(may_lack), limits_(limits) {}

  /// Null when nothing has changed since the scan before.
  std::shared_ptr<const TextExposition> scan();

 private:
  // What tells whether something was written to; an age below which a further write may not show.
  struct Stamp {
    ino_t inode = 0;
    off_t size = 0;
    timespec mtime{};
    bool settled = false;

    /// True when `now` is another or the last look was too early to tell; takes it.
    bool changed(const struct stat& now);
  };
  struct Directory {
    std::string path;
    Stamp stamp;
    bool present = false;
  };
  struct File {
    std::string path;
    Stamp stamp;
    std::shared_ptr<const ReadTextFile> read;
  };

  bool scan_directories();
  void list_files();
  bool scan_file(File& file);
  std::shared_ptr<const ReadTextFile> read(const std::string& path) const;

  std::vector<std::string> patterns_;
  bool may_lack_;
  Limits limits_;
  std::vector<Directory> directories_;
  std::vector<File> files_;
  std::vector<std::pair<std::string, TextProblem>> problems_;
  std::uint64_t scans_ = 0;
};

}  // namespace kernstat
