// SPDX-License-Identifier: Apache-2.0
// The rows "key value" of a kernel file (/proc/meminfo, /proc/vmstat), reused from sample to
// sample.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace kernstat {

/// Rows in the order of the file, each key once. A file whose keys have not changed costs no
/// allocation and no search.
class KeyedValues {
 public:
  struct Row {
    std::string key;
    std::uint64_t value = 0;
  };
  /// More rows than any such file has; what comes after is not taken.
  static constexpr std::size_t kMaxRows = 1024;

  /// Begins anew, keeping the storage.
  void clear() {
    used_ = 0;
    changed_ = false;
  }
  /// Appends a row; false when the key is there already or the rows are full.
  bool add(std::string_view key, std::uint64_t value) {
    if (used_ == kMaxRows) return false;
    if (used_ == rows_.size()) rows_.emplace_back();
    Row& row = rows_[used_];
    if (changed_ || row.key != key) {
      // The same keys at the same places as last time are known to differ.
      changed_ = true;
      for (std::size_t i = 0; i < used_; ++i) {
        if (rows_[i].key == key) return false;
      }
      row.key = key;
    }
    row.value = value;
    ++used_;
    return true;
  }
  std::size_t size() const { return used_; }
  const Row& operator[](std::size_t i) const { return rows_[i]; }

 private:
  std::vector<Row> rows_;
  std::size_t used_ = 0;
  bool changed_ = false;
};

/// True for a key that may be part of a metric's name: [A-Za-z0-9_]+.
inline bool is_metric_word(std::string_view key) {
  for (const char c : key) {
    const bool word =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
    if (!word) return false;
  }
  return !key.empty();
}

}  // namespace kernstat
