// SPDX-License-Identifier: Apache-2.0
#include "collectors/bpf/metric_names.h"

#include <algorithm>
#include <array>
#include <string>

namespace kernstat::bpf {
namespace {

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }

bool is_name(std::string_view name) {
  return !name.empty() && is_letter(name.front()) &&
         std::all_of(name.begin(), name.end(),
                     [](char c) { return is_letter(c) || (c >= '0' && c <= '9'); });
}

bool has_word(std::string_view name, std::string_view word) {
  std::size_t at = 0;
  while ((at = name.find(word, at)) != std::string_view::npos) {
    const bool begins = at == 0 || name[at - 1] == '_';
    const std::size_t end = at + word.size();
    if (begins && (end == name.size() || name[end] == '_')) return true;
    at = end;
  }
  return false;
}

}  // namespace

bool is_metric_name(std::string_view name) { return is_name(name); }

bool is_label_name(std::string_view name) {
  return is_name(name) && !name.starts_with("__") && name != "le" && name != "quantile";
}

Result<void> check_help(std::string_view help) {
  const bool good = help.size() > 10 && help.ends_with('.') && help.find('\n') == help.npos;
  if (good) return {};
  return fail(ErrorKind::kInvalid, "help is one sentence on one line, with a full stop");
}

Result<void> check_name(std::string_view name, MetricType type, std::string_view unit) {
  const std::string quoted = "'" + std::string(name) + "'";
  if ((type == MetricType::kCounter) != name.ends_with("_total")) {
    return fail(ErrorKind::kInvalid,
                quoted + (type == MetricType::kCounter ? ": a counter's name ends in _total"
                                                       : ": only a counter's name ends in _total"));
  }
  constexpr std::array kNotBase{"milliseconds", "microseconds", "nanoseconds", "kilobytes",
                                "pages",        "minutes",      "percent"};
  for (const std::string_view word : kNotBase) {
    if (has_word(name, word)) {
      return fail(ErrorKind::kInvalid, quoted + ": " + std::string(word) + " is no base unit");
    }
  }
  if (!unit.empty() && !has_word(name, unit)) {
    return fail(ErrorKind::kInvalid, quoted + " does not name its unit, " + std::string(unit));
  }
  for (const std::string_view word : {"seconds", "bytes"}) {
    if (word != unit && has_word(name, word)) {
      return fail(ErrorKind::kInvalid,
                  quoted + " says " + std::string(word) + ", but the values are not");
    }
  }
  return {};
}

}  // namespace kernstat::bpf
