// SPDX-License-Identifier: Apache-2.0
// Numbers as the exposition formats want them.
#pragma once

#include <charconv>
#include <cmath>
#include <cstdint>
#include <string>
#include <string_view>

namespace kernstat {

inline void append_number(std::string& out, std::uint64_t value) {
  char buffer[24];
  out.append(buffer, std::to_chars(buffer, buffer + sizeof buffer, value).ptr);
}

/// The shortest text that reads back as the same double; NaN, +Inf, -Inf as Prometheus spells them.
/// Whole numbers below 10^15 are printed without an exponent.
inline void append_number(std::string& out, double value) {
  char buffer[32];
  if (std::fabs(value) < 1e15 && value == std::trunc(value)) {
    if (value == 0 && std::signbit(value)) out += '-';
    out.append(buffer,
               std::to_chars(buffer, buffer + sizeof buffer, static_cast<std::int64_t>(value)).ptr);
  } else if (std::isfinite(value)) {
    out.append(buffer, std::to_chars(buffer, buffer + sizeof buffer, value).ptr);
  } else {
    out += std::isnan(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf";
  }
}

/// The value of a label `le` or `quantile` in the one form that all formats share and that
/// Prometheus 3 itself brings them to: `1.0` and not `1`, an exponent below 1e-4 and from 1e+06 on.
inline void append_bound(std::string& out, double value) {
  if (!std::isfinite(value)) return append_number(out, value);
  char buffer[32];
  const double size = std::fabs(value);
  const bool fixed = size == 0 || (size >= 1e-4 && size < 1e6);
  const auto format = fixed ? std::chars_format::fixed : std::chars_format::scientific;
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, value, format).ptr;
  const std::string_view text(buffer, static_cast<std::size_t>(end - buffer));
  out += text;
  if (text.find_first_of(".e") == std::string_view::npos) out += ".0";
}

}  // namespace kernstat
