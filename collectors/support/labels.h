// SPDX-License-Identifier: Apache-2.0
// Label text: made when a series is born, printed as it is at each scrape.
#pragma once

#include <string>
#include <string_view>

namespace kernstat {

/// Longest label value in bytes; longer text is cut at a character's boundary.
inline constexpr std::size_t kMaxLabelBytes = 256;

/// Length of the valid UTF-8 sequence (RFC 3629) at the front of `text`; 0 when there is none.
/// REQUIRES: !text.empty().
std::size_t utf8_length(std::string_view text);

/// Appends `value` as valid UTF-8 of at most kMaxLabelBytes (each invalid byte becomes U+FFFD),
/// with backslash, quote and newline escaped as the Prometheus text format wants them.
void append_label_value(std::string& out, std::string_view value);

/// The text between the braces of a sample, without them: name="value",other="value".
/// Names are the caller's and must match [a-zA-Z_][a-zA-Z0-9_]*; values may be any bytes.
class Labels {
 public:
  Labels() = default;
  Labels(std::string_view name, std::string_view value) { add(name, value); }

  Labels& add(std::string_view name, std::string_view value) {
    if (!text_.empty()) text_ += ',';
    text_.append(name).append("=\"");
    append_label_value(text_, value);
    text_ += '"';
    return *this;
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

}  // namespace kernstat
