// SPDX-License-Identifier: Apache-2.0
#include "collectors/support/labels.h"

#include <cstdint>

namespace kernstat {
std::size_t utf8_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
  const std::uint8_t first = byte(0);
  if (first < 0x80) return 1;
  std::size_t length = 0;
  if (first >= 0xC2 && first <= 0xDF) length = 2;
  if (first >= 0xE0 && first <= 0xEF) length = 3;
  if (first >= 0xF0 && first <= 0xF4) length = 4;
  if (length == 0 || text.size() < length) return 0;
  std::uint8_t low = 0x80;
  std::uint8_t high = 0xBF;
  if (first == 0xE0) low = 0xA0;
  if (first == 0xED) high = 0x9F;
  if (first == 0xF0) low = 0x90;
  if (first == 0xF4) high = 0x8F;
  if (byte(1) < low || byte(1) > high) return 0;
  for (std::size_t i = 2; i < length; ++i) {
    if (byte(i) < 0x80 || byte(i) > 0xBF) return 0;
  }
  return length;
}

void append_label_value(std::string& out, std::string_view value) {
  constexpr std::string_view kReplacement = "\xEF\xBF\xBD";
  std::size_t used = 0;
  while (!value.empty()) {
    const std::size_t length = utf8_length(value);
    const std::string_view piece = length == 0 ? kReplacement : value.substr(0, length);
    if (used + piece.size() > kMaxLabelBytes) return;
    used += piece.size();
    if (piece == "\\") {
      out += "\\\\";
    } else if (piece == "\"") {
      out += "\\\"";
    } else if (piece == "\n") {
      out += "\\n";
    } else {
      out += piece;
    }
    value.remove_prefix(length == 0 ? 1 : length);
  }
}

}  // namespace kernstat
