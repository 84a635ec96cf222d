// SPDX-License-Identifier: Apache-2.0
#include "config/yaml.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <exception>
#include <sstream>
#include <tuple>
#include <utility>

namespace kernstat {
namespace {

// Builds the tree from the parser's events: the library's own tree forgets repeated keys and where
// keys stood, and follows aliases.
class TreeBuilder final : public YAML::EventHandler {
 public:
  TreeBuilder(std::string file, Problems& problems) : file_(std::move(file)), problems_(problems) {}

  YamlNode take() { return std::move(root_); }

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t) override { add(node(mark)); }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    problem(mark, "aliases (*name) are not used here: write the value out");
    add(node(mark));
  }
  void OnAnchor(const YAML::Mark& mark, const std::string& name) override {
    problem(mark, "anchors (&" + name + ") are not used here: write the value out");
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t,
                const std::string& value) override {
    check_tag(mark, tag);
    YamlNode scalar = node(mark);
    scalar.kind = YamlNode::Kind::kScalar;
    scalar.quoted = tag == "!";
    scalar.text = value;
    add(std::move(scalar));
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t,
                       YAML::EmitterStyle::value) override {
    open(mark, tag, YamlNode::Kind::kList);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t,
                  YAML::EmitterStyle::value) override {
    open(mark, tag, YamlNode::Kind::kMap);
  }
  void OnMapEnd() override { close(); }

 private:
  struct Open {
    YamlNode node;
    std::optional<YamlNode> key;  // of a map: read, its value is still to come
  };

  static YamlNode node(const YAML::Mark& mark) {
    YamlNode made;
    made.line = mark.line + 1;
    made.column = mark.column + 1;
    return made;
  }
  void problem(const YAML::Mark& mark, std::string text) {
    problems_.add({file_, mark.line + 1, mark.column + 1, std::move(text)});
  }
  void check_tag(const YAML::Mark& mark, const std::string& tag) {
    if (!tag.empty() && tag != "?" && tag != "!") {
      problem(mark, "tags (" + tag + ") are not used here");
    }
  }
  void open(const YAML::Mark& mark, const std::string& tag, YamlNode::Kind kind) {
    check_tag(mark, tag);
    if (too_deep_ > 0 || open_.size() >= kMaxYamlDepth) {
      if (too_deep_++ == 0) {
        problem(mark, "nested deeper than " + std::to_string(kMaxYamlDepth) + " levels");
      }
      return;
    }
    open_.push_back({node(mark), std::nullopt});
    open_.back().node.kind = kind;
  }
  void close() {
    if (too_deep_ > 0) {
      --too_deep_;
      return;
    }
    YamlNode closed = std::move(open_.back().node);
    open_.pop_back();
    add(std::move(closed));
  }
  void add(YamlNode made) {
    if (too_deep_ > 0) return;
    if (open_.empty()) {
      root_ = std::move(made);
      return;
    }
    Open& parent = open_.back();
    if (parent.node.kind == YamlNode::Kind::kList) {
      parent.node.items.push_back(std::move(made));
    } else if (parent.key) {
      if (made.kind == YamlNode::Kind::kNull) {  // stands wherever the next token stood
        made.line = parent.key->line;
        made.column = parent.key->column;
      }
      parent.node.entries.push_back({std::move(*parent.key), std::move(made)});
      parent.key.reset();
    } else {
      if (made.kind != YamlNode::Kind::kScalar) {
        problems_.add({file_, made.line, made.column, "a key must be text, got " + describe(made)});
        made = YamlNode{.kind = YamlNode::Kind::kScalar, .line = made.line, .column = made.column};
      }
      parent.key = std::move(made);
    }
  }

  std::string file_;
  Problems& problems_;
  std::vector<Open> open_;
  std::size_t too_deep_ = 0;
  YamlNode root_;
};

bool only_text(std::string_view text, const std::string& file, Problems& problems) {
  if (text.size() > kMaxYamlBytes) {
    problems.add({file, 0, 0, "larger than " + std::to_string(kMaxYamlBytes) + " bytes, not read"});
    return false;
  }
  const auto nul = text.find('\0');
  if (nul == std::string_view::npos) return true;
  const std::string_view before = text.substr(0, nul);
  const auto line = std::count(before.begin(), before.end(), '\n') + 1;
  const auto start = before.rfind('\n');
  const auto column = start == std::string_view::npos ? nul + 1 : nul - start;
  problems.add({file, static_cast<int>(line), static_cast<int>(column), "a NUL byte: not a text"});
  return false;
}

}  // namespace

void Problems::add(Problem problem) {
  if (list_.size() >= kMostProblems) {
    ++left_out_;
    return;
  }
  list_.push_back(std::move(problem));
}

std::string Problems::text() const {
  std::vector<const Problem*> sorted;
  sorted.reserve(list_.size());
  for (const Problem& problem : list_) sorted.push_back(&problem);
  std::stable_sort(sorted.begin(), sorted.end(), [](const Problem* a, const Problem* b) {
    return std::tie(a->file, a->line, a->column) < std::tie(b->file, b->line, b->column);
  });
  std::string out;
  for (const Problem* problem : sorted) {
    out += problem->file;
    if (problem->line > 0) {
      out += ':' + std::to_string(problem->line) + ':' + std::to_string(problem->column);
    }
    out += ": " + problem->text + '\n';
  }
  if (left_out_ > 0) out += "and " + std::to_string(left_out_) + " more\n";
  return out;
}

std::string describe(const YamlNode& node) {
  constexpr std::size_t kLongest = 60;
  switch (node.kind) {
    case YamlNode::Kind::kNull:
      return "nothing";
    case YamlNode::Kind::kList:
      return "a list";
    case YamlNode::Kind::kMap:
      return "a map";
    case YamlNode::Kind::kScalar:
      break;
  }
  if (node.text.size() > kLongest) return "'" + node.text.substr(0, kLongest) + "…'";
  return "'" + node.text + "'";
}

std::optional<YamlNode> parse_yaml(std::string_view text, const std::string& file,
                                   Problems& problems) {
  if (!only_text(text, file, problems)) return std::nullopt;
  const std::size_t before = problems.size();
  TreeBuilder builder(file, problems);
  // The one border at which the library's exceptions stop.
  try {
    // The library takes the end of the file for the end of a quoted text, unless the last character
    // is no line break: a comment without one changes nothing else.
    std::istringstream stream(std::string(text) + (text.ends_with('\n') ? "#" : "\n#"));
    YAML::Parser parser(stream);
    parser.HandleNextDocument(builder);
    TreeBuilder second(file, problems);
    if (problems.size() == before && parser.HandleNextDocument(second)) {
      problems.add({file, 0, 0, "more than one document (---): only one is read"});
    }
  } catch (const YAML::Exception& error) {
    problems.add({file, error.mark.line + 1, error.mark.column + 1, error.msg});
  } catch (const std::exception& error) {
    problems.add({file, 0, 0, error.what()});
  }
  if (problems.size() != before) return std::nullopt;
  return builder.take();
}

}  // namespace kernstat
