// SPDX-License-Identifier: Apache-2.0
// Quantities of kernel files whose metric names are made of two words of the file: a group and a
// field.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "collectors/metrics.h"
#include "collectors/support/rows.h"

namespace kernstat {

/// One quantity. The last three members are the collector's: decided once when the row is born.
struct NamedValue {
  std::string key;          ///< GROUP_FIELD
  std::uint64_t value = 0;  ///< magnitude
  bool negative = false;
  bool decided = false;
  bool wanted = false;
  Metric metric;

  double number() const {
    return negative ? -static_cast<double>(value) : static_cast<double>(value);
  }
};

/// The quantities of a sample, in the order of the file. Files whose words have not changed cost no
/// allocation.
class NamedValues {
 public:
  /// More than all files of a kernel have; what comes after is not taken.
  static constexpr std::size_t kMaxRows = 2048;

  void clear() { rows_.clear(); }
  /// Appends the quantity GROUP_FIELD with the number that `text` is; nothing when it is no number
  /// of 64 bits, or when the words cannot be part of a metric's name.
  void add(std::string_view group, std::string_view field, std::string_view text);
  void add(std::string_view group, std::string_view field, std::uint64_t value);

  /// Decides for every row that is new whether it is wanted, and makes its metric:
  /// `accepts(key)`, and PREFIX + key as its name, `help(key)` as its help.
  template <typename Accepts>
  void decide(std::string_view prefix, MetricType type, std::string_view help_source,
              const Accepts& accepts) {
    for (NamedValue& row : rows_) {
      if (row.decided) continue;
      row.decided = true;
      row.wanted = accepts(std::string_view(row.key));
      if (row.wanted) name(row, prefix, type, help_source);
    }
  }
  /// Says all wanted rows.
  void write(Families& out) const;

  std::size_t size() const { return rows_.size(); }
  const NamedValue* begin() const { return rows_.begin(); }
  const NamedValue* end() const { return rows_.end(); }
  /// The row of `key`, or null. For tests.
  const NamedValue* find(std::string_view key) const;

 private:
  static void name(NamedValue& row, std::string_view prefix, MetricType type,
                   std::string_view help_source);
  NamedValue* append(std::string_view group, std::string_view field);

  Rows<NamedValue> rows_;
};

}  // namespace kernstat
