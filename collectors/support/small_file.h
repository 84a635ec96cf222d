// SPDX-License-Identifier: Apache-2.0
// Small files of /proc and /sys that are too many to be kept open.
#pragma once

#include <array>
#include <optional>
#include <string_view>

#include "collectors/support/result.h"
#include "collectors/support/text.h"

namespace kernstat {

/// Reads small files into a buffer of its own, without allocation. One thread at a time.
class SmallReader {
 public:
  /// The file's text, valid until the next read: at most 4096 bytes, which is the most that an
  /// attribute of sysfs can have. Nothing on an error, which is left in errno.
  std::optional<std::string_view> read(const char* path);
  /// The same for a path below the open directory `directory`.
  std::optional<std::string_view> read_at(int directory, const char* path);
  /// The whole number that the file holds in its first line; nothing when it holds something else.
  template <typename T>
  std::optional<T> number(const char* path) {
    const auto text = read(path);
    return text ? to_number<T>(trim(*text)) : std::nullopt;
  }

 private:
  std::array<char, 4096> buffer_;
};

}  // namespace kernstat
