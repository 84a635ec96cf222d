// SPDX-License-Identifier: Apache-2.0
// The words of one line of the Prometheus text format 0.0.4.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/metrics.h"

namespace kernstat {

struct TextLabel {
  std::string_view name;
  std::string value;  ///< unescaped
};

inline void skip_blanks(std::string_view& line) {
  while (!line.empty() && (line.front() == ' ' || line.front() == '\t')) line.remove_prefix(1);
}

/// UTF-8 without a NUL byte.
bool is_plain_text(std::string_view line);
/// Cuts [a-zA-Z_:][a-zA-Z0-9_:]* off the front; empty when there is none.
std::string_view take_metric_name(std::string_view& line);
/// Cuts {name="value",…} off the front of `line`, which begins with '{'. What is wrong, or "".
std::string take_labels(std::string_view& line, std::vector<TextLabel>& into);
/// A number as Go writes and reads them, NaN and infinities included; decimal only.
std::optional<double> sample_value(std::string_view text);
/// Whatever the case of its letters.
std::optional<MetricType> metric_type(std::string_view word);
/// Appends the text of a HELP line; false for an escape that the format does not know.
bool unescape_help(std::string_view text, std::string& into);
/// At most 64 bytes of what stood in a file, for a message.
std::string shortened(std::string_view text);

}  // namespace kernstat
