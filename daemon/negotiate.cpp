// SPDX-License-Identifier: Apache-2.0
#include "daemon/negotiate.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "collectors/support/text.h"

namespace kernstat {
namespace {

// Cuts off what stands before the next `separator` outside of quotes, and trims it.
std::string_view next_item(std::string_view& text, char separator) {
  bool quoted = false;
  std::size_t end = 0;
  for (; end < text.size() && (quoted || text[end] != separator); ++end) {
    if (text[end] == '"') quoted = !quoted;
    if (quoted && text[end] == '\\') ++end;
  }
  end = std::min(end, text.size());
  const std::string_view item = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return trim(item);
}

bool equal_words(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) {
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
    return lower(x) == lower(y);
  });
}

struct Parameter {
  std::string_view name;
  std::string_view value;
};

Parameter next_parameter(std::string_view& text) {
  const std::string_view item = next_item(text, ';');
  const auto equals = item.find('=');
  if (equals == std::string_view::npos) return {item, {}};
  std::string_view value = trim(item.substr(equals + 1));
  if (value.size() >= 2 && value.front() == '"' && value.back() == '"') {
    value = value.substr(1, value.size() - 2);
  }
  return {trim(item.substr(0, equals)), value};
}

// A weight; what is none counts as 0, so that nobody gets what he did not clearly ask for.
double weight(std::string_view text) {
  const auto value = to_number<double>(text);
  return value && *value >= 0 && *value <= 1 ? *value : 0;
}

struct Wish {
  std::optional<Format> format;
  double q = 1;
};

Wish read_wish(std::string_view item) {
  Wish wish;
  const std::string_view type = next_item(item, ';');
  std::string_view version;
  std::string_view proto;
  std::string_view encoding;
  while (!item.empty()) {
    const Parameter parameter = next_parameter(item);
    if (equal_words(parameter.name, "q")) wish.q = weight(parameter.value);
    if (equal_words(parameter.name, "version")) version = parameter.value;
    if (equal_words(parameter.name, "proto")) proto = parameter.value;
    if (equal_words(parameter.name, "encoding")) encoding = parameter.value;
  }
  if (equal_words(type, "application/openmetrics-text")) {
    if (version.empty() || version == "1.0.0") wish.format = Format::kOpenMetrics;
    if (version == "0.0.1") wish.format = Format::kOpenMetrics001;
  } else if (equal_words(type, "application/vnd.google.protobuf")) {
    if (proto == "io.prometheus.client.MetricFamily" && encoding == "delimited") {
      wish.format = Format::kProtobuf;
    }
  } else if (equal_words(type, "text/plain")) {
    // Version 1.0.0 only adds names outside of [a-zA-Z0-9_:], of which there are none.
    if (version.empty() || version == "0.0.4" || version == "1.0.0") wish.format = Format::kText;
  } else if (equal_words(type, "text/*") || type == "*/*") {
    wish.format = Format::kText;
  }
  return wish;
}

}  // namespace

std::string_view content_type(Format format) {
  switch (format) {
    case Format::kOpenMetrics:
      return "application/openmetrics-text; version=1.0.0; charset=utf-8";
    case Format::kOpenMetrics001:
      return "application/openmetrics-text; version=0.0.1; charset=utf-8";
    case Format::kProtobuf:
      return "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; "
             "encoding=delimited";
    case Format::kText:
      break;
  }
  return "text/plain; version=0.0.4; charset=utf-8";
}

Format negotiate_format(std::string_view accept) {
  Format best = Format::kText;
  double best_q = 0;
  while (!accept.empty()) {
    const Wish wish = read_wish(next_item(accept, ','));
    if (wish.format && wish.q > best_q) {
      best = *wish.format;
      best_q = wish.q;
    }
  }
  return best;
}

bool accepts_gzip(std::string_view accept_encoding) {
  std::optional<double> gzip;
  std::optional<double> any;
  double identity = 0;
  while (!accept_encoding.empty()) {
    std::string_view item = next_item(accept_encoding, ',');
    const std::string_view name = next_item(item, ';');
    double q = 1;
    while (!item.empty()) {
      const Parameter parameter = next_parameter(item);
      if (equal_words(parameter.name, "q")) q = weight(parameter.value);
    }
    if (equal_words(name, "gzip") || equal_words(name, "x-gzip")) gzip = q;
    if (equal_words(name, "identity")) identity = q;
    if (name == "*") any = q;
  }
  const double wanted = gzip ? *gzip : any.value_or(0);
  return wanted > 0 && wanted >= identity;
}

}  // namespace kernstat
