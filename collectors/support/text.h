// SPDX-License-Identifier: Apache-2.0
// Taking the kernel's text files apart: views into the caller's text, no allocation, no exceptions.
#pragma once

#include <charconv>
#include <optional>
#include <string_view>
#include <type_traits>

namespace kernstat {

/// Cuts the next line off `text` and returns it without its '\n'. A last line without '\n' is a
/// line too: callers that must not trust a cut line ask whether the text ends in '\n'. REQUIRES:
/// !text.empty().
inline std::string_view next_line(std::string_view& text) {
  const auto end = text.find('\n');
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return line;
}

/// Cuts the next line off `text` into `line`, without its '\n'. False at the end, and for a last
/// line without '\n': it was cut in the middle and is not trusted.
inline bool next_whole_line(std::string_view& text, std::string_view& line) {
  const auto end = text.find('\n');
  if (end == std::string_view::npos) return false;
  line = text.substr(0, end);
  text.remove_prefix(end + 1);
  return true;
}

/// Cuts the next field (separated by spaces or tabs) off `line`; empty when there is none left.
inline std::string_view next_field(std::string_view& line) {
  const auto begin = line.find_first_not_of(" \t");
  if (begin == std::string_view::npos) {
    line = {};
    return {};
  }
  const auto end = line.find_first_of(" \t", begin);
  const std::string_view field =
      line.substr(begin, end == std::string_view::npos ? end : end - begin);
  line.remove_prefix(end == std::string_view::npos ? line.size() : end);
  return field;
}

/// `text` without the white space around it.
inline std::string_view trim(std::string_view text) {
  const auto begin = text.find_first_not_of(" \t\n\r");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\n\r") - begin + 1);
}

/// The number that `field` is, wholly: no sign '+', no white space, no trailing text, no overflow.
template <typename T>
std::optional<T> to_number(std::string_view field, int base = 10) {
  T value{};
  std::from_chars_result result{};
  if constexpr (std::is_floating_point_v<T>) {
    result = std::from_chars(field.data(), field.data() + field.size(), value);
  } else {
    result = std::from_chars(field.data(), field.data() + field.size(), value, base);
  }
  if (result.ec != std::errc{} || result.ptr != field.data() + field.size() || field.empty()) {
    return std::nullopt;
  }
  return value;
}

/// Whether a list like "rw,nosuid,size=1m" has the word `wanted`.
inline bool has_option(std::string_view list, std::string_view wanted) {
  while (!list.empty()) {
    const auto comma = list.find(',');
    if (list.substr(0, comma) == wanted) return true;
    list.remove_prefix(comma == std::string_view::npos ? list.size() : comma + 1);
  }
  return false;
}

/// Cuts the next field off `line` as a number; nothing when it is missing or no number.
template <typename T>
std::optional<T> next_number(std::string_view& line, int base = 10) {
  return to_number<T>(next_field(line), base);
}

}  // namespace kernstat
