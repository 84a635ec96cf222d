// SPDX-License-Identifier: Apache-2.0
// Takes apart the text that Labels made.
#pragma once

#include <string>
#include <string_view>

namespace kernstat {

/// One label as it stands in the text, the value still escaped.
struct LabelText {
  std::string_view name;
  std::string_view value;
};

/// Cuts the next label off `labels`. False at the end, and where the text is not what Labels makes.
inline bool next_label(std::string_view& labels, LabelText& label) {
  const auto equals = labels.find("=\"");
  if (equals == std::string_view::npos) return false;
  label.name = labels.substr(0, equals);
  std::size_t end = equals + 2;
  while (end < labels.size() && labels[end] != '"') end += labels[end] == '\\' ? 2 : 1;
  if (end >= labels.size()) return false;
  label.value = labels.substr(equals + 2, end - equals - 2);
  labels.remove_prefix(end + 1);
  if (labels.starts_with(',')) labels.remove_prefix(1);
  return true;
}

/// Appends an escaped label value as it was before.
inline void append_unescaped(std::string& out, std::string_view value) {
  for (std::size_t i = 0; i < value.size(); ++i) {
    if (value[i] != '\\' || i + 1 == value.size()) {
      out += value[i];
    } else {
      ++i;
      out += value[i] == 'n' ? '\n' : value[i];
    }
  }
}

}  // namespace kernstat
