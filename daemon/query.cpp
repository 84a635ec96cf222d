// SPDX-License-Identifier: Apache-2.0
#include "daemon/query.h"

#include <algorithm>

#include "collectors/support/text.h"

namespace kernstat {
namespace {

// A name out of a URL, in a sentence: short and without control characters.
std::string quoted(std::string_view name) {
  constexpr std::size_t kLongest = 64;
  std::string text = "'";
  for (const char c : name.substr(0, kLongest)) {
    const auto byte = static_cast<unsigned char>(c);
    text += byte < 0x20 || byte >= 0x7F ? '?' : c;
  }
  return text + (name.size() > kLongest ? "…'" : "'");
}

bool is_known(std::string_view name, std::span<const CollectorStatus> known) {
  return std::any_of(known.begin(), known.end(),
                     [&](const CollectorStatus& status) { return status.name == name; });
}

}  // namespace

Result<std::string> percent_decode(std::string_view text, bool plus) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '%') {
      const std::string_view digits = text.substr(i + 1, 2);
      const auto byte = to_number<unsigned char>(digits, 16);
      if (!byte || digits.size() != 2) {
        return fail(ErrorKind::kInvalid, "a '%' without two hexadecimal digits");
      }
      c = static_cast<char>(*byte);
      i += 2;
    } else if (c == '+' && plus) {
      c = ' ';
    }
    if (c == '\0') return fail(ErrorKind::kInvalid, "a NUL byte");
    out += c;
  }
  return out;
}

Result<Target> parse_target(std::string_view target) {
  if (const auto scheme = target.find("://");
      !target.starts_with('/') && scheme != std::string_view::npos) {
    const auto slash = target.find('/', scheme + 3);
    target = slash == std::string_view::npos ? "/" : target.substr(slash);
  }
  const auto mark = target.find('?');
  auto path = percent_decode(target.substr(0, mark), false);
  if (!path) return fail("the path", path.error());
  if (!path->starts_with('/')) return fail(ErrorKind::kInvalid, "the path must begin with '/'");
  return Target{std::move(*path),
                mark == std::string_view::npos ? std::string_view{} : target.substr(mark + 1)};
}

Result<Selection> parse_selection(std::string_view query, std::span<const CollectorStatus> known) {
  Selection selection;
  while (!query.empty()) {
    const auto end = query.find('&');
    const std::string_view item = query.substr(0, end);
    query.remove_prefix(end == std::string_view::npos ? query.size() : end + 1);
    const auto equals = item.find('=');
    const auto key = percent_decode(item.substr(0, equals), true);
    const auto value = percent_decode(
        equals == std::string_view::npos ? std::string_view{} : item.substr(equals + 1), true);
    if (!key) return fail("the query", key.error());
    if (!value) return fail("the query", value.error());
    if (*key != "collect[]" && *key != "exclude[]") continue;
    if (!is_known(*value, known)) {
      return fail(ErrorKind::kInvalid,
                  *key + ": there is no collector " + quoted(*value) + ", or it is disabled");
    }
    std::vector<std::string>& names = *key == "collect[]" ? selection.only : selection.except;
    if (std::find(names.begin(), names.end(), *value) == names.end()) names.push_back(*value);
  }
  if (!selection.only.empty() && !selection.except.empty()) {
    return fail(ErrorKind::kInvalid, "collect[] and exclude[] exclude each other: use one of them");
  }
  return selection;
}

}  // namespace kernstat
