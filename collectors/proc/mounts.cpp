// SPDX-License-Identifier: Apache-2.0
#include "collectors/proc/mounts.h"

#include <algorithm>

#include "collectors/support/text.h"

namespace kernstat {
namespace {

// The kernel writes space, tab, newline and backslash as three octal digits.
void unescape(std::string_view text, std::string& into) {
  const auto octal = [](char c) { return c >= '0' && c <= '7'; };
  into.clear();
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 3 < text.size() && text[i + 1] <= '3' && octal(text[i + 1]) &&
        octal(text[i + 2]) && octal(text[i + 3])) {
      const int byte = (text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 + (text[i + 3] - '0');
      into += static_cast<char>(byte);
      i += 3;
    } else {
      into += text[i];
    }
  }
}

bool parse_line(std::string_view line, Mount& into) {
  const auto id = next_number<std::uint64_t>(line);
  const auto parent = next_number<std::uint64_t>(line);
  const std::string_view device_number = next_field(line);
  const auto colon = device_number.find(':');
  if (!id || !parent || colon == std::string_view::npos) return false;
  const auto major = to_number<std::uint32_t>(device_number.substr(0, colon));
  const auto minor = to_number<std::uint32_t>(device_number.substr(colon + 1));
  if (!major || !minor) return false;
  next_field(line);  // root within the file system
  const std::string_view point = next_field(line);
  const std::string_view options = next_field(line);
  std::string_view field;
  do {
    field = next_field(line);
    if (field.empty()) return false;
  } while (field != "-");
  const std::string_view type = next_field(line);
  const std::string_view device = next_field(line);
  const std::string_view super_options = next_field(line);
  if (!point.starts_with('/') || type.empty() || super_options.empty()) return false;
  into.id = *id;
  into.parent = *parent;
  into.major = *major;
  into.minor = *minor;
  unescape(point, into.point);
  unescape(type, into.type);
  unescape(device, into.device);
  into.read_only = has_option(options, "ro") || has_option(super_options, "ro");
  return true;
}

}  // namespace

void parse_mountinfo(std::string_view text, Rows<Mount>& into) {
  into.clear();
  std::string_view line;
  while (next_whole_line(text, line)) {
    if (!parse_line(line, into.add())) into.drop_last();
  }
}

bool is_covered(const Mount& mount, const Rows<Mount>& all) {
  return std::any_of(all.begin(), all.end(), [&](const Mount& other) {
    return other.parent == mount.id && other.id != mount.id && other.point == mount.point;
  });
}

}  // namespace kernstat
