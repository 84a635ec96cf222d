// SPDX-License-Identifier: Apache-2.0
// A YAML file as a plain tree that remembers where everything stood, and a list of what is wrong
// with it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kernstat {

/// One thing that is wrong in a file. Lines and columns count from 1; 0: the file as a whole.
struct Problem {
  std::string file;
  int line = 0;
  int column = 0;
  std::string text;
};

/// Everything that is wrong, so that a person mends it all at once. Keeps the first kMostProblems
/// and counts the rest. One thread.
class Problems {
 public:
  static constexpr std::size_t kMostProblems = 100;

  void add(Problem problem);
  bool empty() const { return list_.empty(); }
  std::size_t size() const { return list_.size() + left_out_; }
  const std::vector<Problem>& list() const { return list_; }
  /// One line each, "file:line:column: text\n", in the order of the file.
  std::string text() const;

 private:
  std::vector<Problem> list_;
  std::size_t left_out_ = 0;
};

/// A node of the tree. Repeated keys are kept, so that a reader can report them.
struct YamlNode {
  enum class Kind : std::uint8_t { kNull, kScalar, kList, kMap };
  struct Entry;

  Kind kind = Kind::kNull;
  bool quoted = false;  ///< a scalar in quotes or a block: text, whatever it looks like
  int line = 0;
  int column = 0;
  std::string text;             // kScalar
  std::vector<YamlNode> items;  // kList
  std::vector<Entry> entries;   // kMap, in the order of the file
};

struct YamlNode::Entry {
  YamlNode key;  // always a scalar
  YamlNode value;
};

/// What a node is, for messages: "a map", "a list", "'text'", "nothing".
std::string describe(const YamlNode& node);

/// Largest file and deepest nesting that parse_yaml() reads.
inline constexpr std::size_t kMaxYamlBytes = std::size_t{1} << 20;
inline constexpr std::size_t kMaxYamlDepth = 16;

/// Takes the one document of `text` apart; `file` is the name that problems carry. Reports, instead
/// of accepting: bytes that are no text (NUL), more than kMaxYamlBytes or kMaxYamlDepth, anchors,
/// aliases, tags, keys that are not scalars, a second document, and what the YAML library refuses.
/// Nothing when it reported a problem; an empty document is a null node. Never throws.
std::optional<YamlNode> parse_yaml(std::string_view text, const std::string& file,
                                   Problems& problems);

}  // namespace kernstat
