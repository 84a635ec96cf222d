// SPDX-License-Identifier: Apache-2.0
#include "collectors/proc/textfile_line.h"

#include <algorithm>

#include "collectors/support/labels.h"
#include "collectors/support/text.h"

namespace kernstat {
namespace {

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::string_view take_label_name(std::string_view& line) {
  std::size_t size = 0;
  while (size < line.size() && (is_letter(line[size]) || (size > 0 && is_digit(line[size])))) {
    ++size;
  }
  const std::string_view name = line.substr(0, size);
  line.remove_prefix(size);
  return name;
}

// Cuts a quoted value off the front; what is wrong, or "".
std::string take_label_value(std::string_view& line, std::string& into) {
  if (!line.starts_with('"')) return "a label's value is not in quotes";
  line.remove_prefix(1);
  while (!line.empty()) {
    const char c = line.front();
    line.remove_prefix(1);
    if (c == '"') return {};
    if (c != '\\') {
      into += c;
      continue;
    }
    if (line.empty()) break;
    const char escaped = line.front();
    line.remove_prefix(1);
    if (escaped != '\\' && escaped != '"' && escaped != 'n') {
      return "a label's value has a backslash before neither \\, \" nor n";
    }
    into += escaped == 'n' ? '\n' : escaped;
  }
  return "a label's value does not end";
}

}  // namespace

bool is_plain_text(std::string_view line) {
  while (!line.empty()) {
    const std::size_t length = line.front() == '\0' ? 0 : utf8_length(line);
    if (length == 0) return false;
    line.remove_prefix(length);
  }
  return true;
}

std::string_view take_metric_name(std::string_view& line) {
  std::size_t size = 0;
  while (size < line.size() &&
         (is_letter(line[size]) || line[size] == ':' || (size > 0 && is_digit(line[size])))) {
    ++size;
  }
  const std::string_view name = line.substr(0, size);
  line.remove_prefix(size);
  return name;
}

std::string take_labels(std::string_view& line, std::vector<TextLabel>& into) {
  line.remove_prefix(1);
  for (;;) {
    skip_blanks(line);
    if (line.starts_with('}')) break;
    TextLabel label;
    label.name = take_label_name(line);
    if (label.name.empty()) return "a label has no name";
    if (label.name == "__name__") return "label __name__ is not allowed";
    const bool twice = std::any_of(
        into.begin(), into.end(), [&](const TextLabel& other) { return other.name == label.name; });
    if (twice) return "label " + shortened(label.name) + " twice";
    skip_blanks(line);
    if (!line.starts_with('=')) return "label " + shortened(label.name) + " without '='";
    line.remove_prefix(1);
    skip_blanks(line);
    std::string error = take_label_value(line, label.value);
    if (!error.empty()) return error;
    into.push_back(std::move(label));
    skip_blanks(line);
    if (line.starts_with(',')) {
      line.remove_prefix(1);
    } else if (!line.starts_with('}')) {
      return "neither ',' nor '}' behind a label";
    }
  }
  line.remove_prefix(1);
  return {};
}

std::optional<double> sample_value(std::string_view text) {
  // A sign more than one, or one behind which from_chars would take another, is none.
  if (text.starts_with('+')) {
    text.remove_prefix(1);
    if (text.starts_with('-')) return std::nullopt;
  }
  // from_chars knows "nan(…)", Go does not.
  if (text.find('(') != std::string_view::npos) return std::nullopt;
  return to_number<double>(text);
}

std::optional<MetricType> metric_type(std::string_view word) {
  constexpr std::pair<std::string_view, MetricType> kTypes[] = {
      {"counter", MetricType::kCounter},     {"gauge", MetricType::kGauge},
      {"histogram", MetricType::kHistogram}, {"summary", MetricType::kSummary},
      {"untyped", MetricType::kUnknown},
  };
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  for (const auto& [name, type] : kTypes) {
    const bool same = std::equal(word.begin(), word.end(), name.begin(), name.end(),
                                 [&](char a, char b) { return lower(a) == b; });
    if (same) return type;
  }
  return std::nullopt;
}

bool unescape_help(std::string_view text, std::string& into) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\') {
      into += text[i];
      continue;
    }
    if (++i == text.size() || (text[i] != '\\' && text[i] != 'n')) return false;
    into += text[i] == 'n' ? '\n' : '\\';
  }
  return true;
}

std::string shortened(std::string_view text) {
  constexpr std::size_t kLongest = 64;
  if (text.size() <= kLongest) return std::string(text);
  std::size_t size = 0;
  while (size < text.size()) {
    const std::size_t length = utf8_length(text.substr(size));
    if (length == 0 || size + length > kLongest) break;
    size += length;
  }
  return std::string(text.substr(0, size)) + "…";
}

}  // namespace kernstat
