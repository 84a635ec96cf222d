// SPDX-License-Identifier: Apache-2.0
// A list that is filled anew at each tick and keeps what its rows own (strings, mostly).
#pragma once

#include <cstddef>
#include <vector>

namespace kernstat {

/// A vector whose clear() keeps the rows: add() hands out an old row as it was, so that a row that
/// comes again at the same place costs no allocation. The caller sets every member of it.
template <typename Row>
class Rows {
 public:
  void clear() { used_ = 0; }
  Row& add() {
    if (used_ == rows_.size()) rows_.emplace_back();
    return rows_[used_++];
  }
  /// Takes the last row back. REQUIRES: !empty().
  void drop_last() { --used_; }

  std::size_t size() const { return used_; }
  bool empty() const { return used_ == 0; }
  Row& operator[](std::size_t i) { return rows_[i]; }
  const Row& operator[](std::size_t i) const { return rows_[i]; }
  Row* begin() { return rows_.data(); }
  Row* end() { return rows_.data() + used_; }
  const Row* begin() const { return rows_.data(); }
  const Row* end() const { return rows_.data() + used_; }

 private:
  std::vector<Row> rows_;
  std::size_t used_ = 0;
};

}  // namespace kernstat
