// SPDX-License-Identifier: Apache-2.0
#include "config/map_reader.h"

#include <algorithm>
#include <set>
#include <utility>

#include "collectors/support/text.h"

namespace kernstat {
namespace {

// Levenshtein's distance between two short names.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t changed = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({changed, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row[b.size()];
}

const YamlNode* find(const YamlNode& map, std::string_view key) {
  for (const YamlNode::Entry& entry : map.entries) {
    if (entry.key.text == key) return &entry.value;
  }
  return nullptr;
}

}  // namespace

std::string known_here(std::string_view name, const std::vector<std::string>& known) {
  constexpr std::size_t kMostListed = 20;
  constexpr std::size_t kLongestName = 64;
  std::string text = "; known here: ";
  if (known.empty()) text += "nothing";
  for (std::size_t i = 0; i < known.size() && i < kMostListed; ++i) {
    text += (i == 0 ? "" : ", ") + known[i];
  }
  if (known.size() > kMostListed) {
    text += " and " + std::to_string(known.size() - kMostListed) + " more";
  }
  if (name.size() > kLongestName) return text;
  const std::string* nearest = nullptr;
  std::size_t least = std::max<std::size_t>(1, name.size() / 3) + 1;
  for (const std::string& candidate : known) {
    const std::size_t changes = distance(name, candidate);
    if (changes < least) {
      least = changes;
      nearest = &candidate;
    }
  }
  if (nearest != nullptr) text += "; did you mean '" + *nearest + "'?";
  return text;
}

MapReader::MapReader(const YamlNode& node, std::string file, std::string where, Problems& problems)
    : node_(node), file_(std::move(file)), where_(std::move(where)), problems_(problems) {
  if (node.kind != YamlNode::Kind::kMap && node.kind != YamlNode::Kind::kNull) {
    problems_.add({file_, node.line, node.column,
                   (where_.empty() ? "" : where_ + ": ") + "expected a map (key: value), got " +
                       describe(node)});
  }
}

MapReader::~MapReader() {
  std::set<std::string_view> seen;
  for (const YamlNode::Entry& entry : node_.entries) {
    const auto& [key, value] = entry;
    if (!seen.insert(key.text).second) {
      problems_.add({file_, key.line, key.column, "'" + path(key.text) + "' is given twice"});
    } else if (!all_declared_ &&
               std::find(declared_.begin(), declared_.end(), key.text) == declared_.end()) {
      problems_.add({file_, key.line, key.column,
                     "unknown key " + describe(key) + known_here(key.text, declared_)});
    }
  }
}

std::string MapReader::path(std::string_view key) const {
  return where_.empty() ? std::string(key) : where_ + "." + std::string(key);
}

const YamlNode* MapReader::child(std::string_view key) {
  declared_.emplace_back(key);
  return find(node_, key);
}

const std::vector<YamlNode::Entry>& MapReader::entries() {
  all_declared_ = true;
  return node_.entries;
}

const std::vector<YamlNode>& MapReader::items(std::string_view key) {
  static const std::vector<YamlNode> kNone;
  const YamlNode* node = child(key);
  if (node == nullptr) return kNone;
  if (node->kind != YamlNode::Kind::kList) {
    problem(key, "expected a list, got " + describe(*node));
    return kNone;
  }
  return node->items;
}

void MapReader::problem(std::string_view key, const std::string& text) {
  const YamlNode* node = find(node_, key);
  if (node == nullptr) node = &node_;
  problems_.add({file_, node->line, node->column, path(key) + ": " + text});
}

void MapReader::problem_at(const YamlNode& node, const std::string& text) {
  problems_.add({file_, node.line, node.column, (where_.empty() ? "" : where_ + ": ") + text});
}

const YamlNode* MapReader::scalar(std::string_view key, std::string_view expected) {
  const YamlNode* node = child(key);
  if (node == nullptr) return nullptr;
  if (node->kind == YamlNode::Kind::kScalar) return node;
  problem(key, "expected " + std::string(expected) + ", got " + describe(*node));
  return nullptr;
}

bool MapReader::read(std::string_view key, std::string& value) {
  const YamlNode* node = scalar(key, "text");
  if (node == nullptr) return false;
  value = node->text;
  return true;
}

bool MapReader::read(std::string_view key, bool& value) {
  const YamlNode* node = scalar(key, "true or false");
  if (node == nullptr) return false;
  const bool yes = node->text == "true" || node->text == "on";
  if (node->quoted || (!yes && node->text != "false" && node->text != "off")) {
    problem(key, "expected true or false, got " + describe(*node));
    return false;
  }
  value = yes;
  return true;
}

bool MapReader::read(std::string_view key, std::chrono::milliseconds& value) {
  const YamlNode* node = scalar(key, "a duration like 500ms, 15s or 2m");
  if (node == nullptr) return false;
  const auto duration = parse_duration(node->text);
  if (!duration) {
    problem(key, duration.error().message);
    return false;
  }
  value = *duration;
  return true;
}

bool MapReader::read(std::string_view key, double& value) {
  const YamlNode* node = scalar(key, "a number");
  if (node == nullptr) return false;
  const auto number = to_number<double>(node->text);
  if (!number || node->quoted) {
    problem(key, "expected a number, got " + describe(*node));
    return false;
  }
  value = *number;
  return true;
}

bool MapReader::read(std::string_view key, std::vector<std::string>& value) {
  const YamlNode* node = child(key);
  if (node == nullptr) return false;
  if (node->kind != YamlNode::Kind::kList) {
    problem(key, "expected a list like [a, b], got " + describe(*node));
    return false;
  }
  std::vector<std::string> list;
  for (const YamlNode& item : node->items) {
    if (item.kind != YamlNode::Kind::kScalar) {
      problems_.add(
          {file_, item.line, item.column, path(key) + ": expected text, got " + describe(item)});
      return false;
    }
    list.push_back(item.text);
  }
  value = std::move(list);
  return true;
}

bool MapReader::read_integer(std::string_view key, std::int64_t& value, std::int64_t least,
                             std::int64_t most) {
  const std::string expected =
      "a whole number from " + std::to_string(least) + " to " + std::to_string(most);
  const YamlNode* node = scalar(key, expected);
  if (node == nullptr) return false;
  const auto number = to_number<std::int64_t>(node->text);
  if (!number || node->quoted || *number < least || *number > most) {
    problem(key, "expected " + expected + ", got " + describe(*node));
    return false;
  }
  value = *number;
  return true;
}

bool MapReader::read_bytes(std::string_view key, std::uint64_t& value) {
  Options::Value bytes;
  if (!read_option(key, OptionType::kBytes, bytes)) return false;
  value = static_cast<std::uint64_t>(bytes.number);
  return true;
}

bool MapReader::read_choice(std::string_view key, const std::vector<std::string_view>& known,
                            std::size_t& index) {
  std::string listed;
  for (const std::string_view name : known) {
    listed.append(listed.empty() ? "" : ", ").append(name);
  }
  const YamlNode* node = scalar(key, "one of " + listed);
  if (node == nullptr) return false;
  const auto found = std::find(known.begin(), known.end(), node->text);
  if (found == known.end()) {
    problem(key, "expected one of " + listed + ", got " + describe(*node));
    return false;
  }
  index = static_cast<std::size_t>(found - known.begin());
  return true;
}

bool MapReader::read_option(std::string_view key, OptionType type, Options::Value& value) {
  if (type == OptionType::kTextList) {
    Options::Value list;
    list.type = type;
    if (!read(key, list.list)) return false;
    value = std::move(list);
    return true;
  }
  if (type == OptionType::kBool) {
    Options::Value flag;
    flag.type = type;
    if (!read(key, flag.flag)) return false;
    value = std::move(flag);
    return true;
  }
  static constexpr std::string_view kExpected[] = {"a regular expression", "text", "a list",
                                                   "a duration",           "true", "a number",
                                                   "a size like 32MiB"};
  const YamlNode* node = scalar(key, kExpected[static_cast<std::size_t>(type)]);
  if (node == nullptr) return false;
  auto parsed = parse_option(type, node->text);
  if (!parsed) {
    problem(key, parsed.error().message);
    return false;
  }
  value = std::move(*parsed);
  return true;
}

}  // namespace kernstat
