// SPDX-License-Identifier: Apache-2.0
// The layout of a tool's keys and values, from the BTF of its object.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/bpf/decoders.h"
#include "collectors/bpf/hist_grid.h"
#include "collectors/support/result.h"

struct btf;

namespace kernstat::bpf {

/// A label: a member of the key.
struct Column {
  std::string name;
  std::size_t offset = 0;
  std::size_t size = 0;
  Decode decode = nullptr;
  /// For enums: what each value is called. For kernel_enum: empty until the kernel's BTF fills it.
  LabelTable table;
  /// The enum of the running kernel that names the values; empty otherwise.
  std::string kernel_enum;
  /// All values the member can have, when they are few and known (enum, bool); else empty.
  std::vector<std::uint32_t> known_values;
  /// A ksym_addr, which wants to be announced to Names.
  bool is_symbol = false;
};

/// One measured thing: a member of the value.
struct Quantity {
  std::string name;      ///< empty when the value is no struct
  std::size_t word = 0;  ///< where it begins in the value, in units of 8 bytes
  bool is_signed = false;
  std::optional<HistGrid> hist;  ///< nothing: a plain number of one word
};

struct KeyLayout {
  std::size_t size = 0;
  bool is_scalar = false;  ///< no struct: its one column has no name of its own
  std::vector<Column> columns;
};

struct ValueLayout {
  std::size_t words = 0;
  std::vector<Quantity> quantities;

  const Quantity* find(std::string_view name) const;
  bool has_histogram() const;
};

/// Reads the layout of a key type: a struct of label members without implicit padding, or one label
/// type. Members named pad* are no labels. Errors name the member and what is wrong with it.
Result<KeyLayout> key_layout(const btf* object, std::uint32_t type_id);

/// Reads the layout of a value type: __u64, __s64, a histogram, or a struct of these.
Result<ValueLayout> value_layout(const btf* object, std::uint32_t type_id);

/// The record type of an iterator's KS_RECORDS(name, …): a struct of key and value.
struct RecordLayout {
  std::size_t size = 0;
  std::size_t key_offset = 0;
  std::size_t value_offset = 0;
  KeyLayout key;
  ValueLayout value;
};
Result<RecordLayout> record_layout(const btf* object, std::string_view name);

/// Label text of the enumerators of the kernel's enum `name`: lower case, without the enum's own
/// name in front where any carries it (SKB_DROP_REASON_NO_SOCKET is "no_socket"), else without the
/// prefix that all have in common.
LabelTable label_table(std::string_view name,
                       const std::vector<std::pair<std::uint32_t, std::string>>& enum_values);

}  // namespace kernstat::bpf
