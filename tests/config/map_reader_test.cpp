// SPDX-License-Identifier: Apache-2.0
#include "config/map_reader.h"

#include <catch2/catch.hpp>

using namespace kernstat;

namespace {

// Reads a map with one key of each kind; returns the problems' text.
std::string problems_of(std::string_view text) {
  Problems problems;
  const auto document = parse_yaml(text, "t.yaml", problems);
  if (document) {
    MapReader reader(*document, "t.yaml", "", problems);
    std::string name;
    bool enabled = false;
    std::chrono::milliseconds interval{};
    std::uint64_t size = 0;
    int count = 0;
    double ratio = 0;
    std::vector<std::string> list;
    Options::Value regex;
    std::size_t choice = 0;
    reader.read("name", name);
    reader.read("enabled", enabled);
    reader.read("interval", interval);
    reader.read_bytes("size", size);
    reader.read("count", count, 1, 10);
    reader.read("ratio", ratio);
    reader.read("list", list);
    reader.read_option("regex", OptionType::kRegex, regex);
    reader.read_choice("level", {"info", "debug"}, choice);
  }
  return problems.text();
}

}  // namespace

TEST_CASE("map_reader: good values are read, quoted or not") {
  Problems problems;
  const auto document = parse_yaml(
      "name: \"x y\"\nenabled: on\ninterval: 2m\nsize: 32MiB\ncount: 7\nratio: 0.5\nlist: [a, "
      "\"b\"]\nnested: {deep: ~}\n",
      "t.yaml", problems);
  REQUIRE(document);
  std::string name;
  bool enabled = false;
  std::chrono::milliseconds interval{};
  std::uint64_t size = 0;
  std::uint32_t count = 0;
  double ratio = 0;
  std::vector<std::string> list;
  {
    MapReader reader(*document, "t.yaml", "", problems);
    CHECK(reader.read("name", name));
    CHECK(reader.read("enabled", enabled));
    CHECK(reader.read("interval", interval));
    CHECK(reader.read_bytes("size", size));
    CHECK(reader.read("count", count));
    CHECK(reader.read("ratio", ratio));
    CHECK(reader.read("list", list));
    CHECK_FALSE(reader.read("absent", name));
    REQUIRE(reader.child("nested") != nullptr);
    MapReader nested(*reader.child("nested"), "t.yaml", "nested", problems);
    REQUIRE(nested.child("deep") != nullptr);
    CHECK(nested.child("deep")->kind == YamlNode::Kind::kNull);
  }
  CHECK(problems.text() == "");
  CHECK(name == "x y");
  CHECK(enabled);
  CHECK(interval == std::chrono::minutes(2));
  CHECK(size == 32U << 20);
  CHECK(count == 7);
  CHECK(ratio == 0.5);
  CHECK(list == std::vector<std::string>{"a", "b"});
}

TEST_CASE("map_reader: every problem is reported with its place, in the order of the file") {
  CHECK(problems_of(
            "interval: 5x\nintervall: 1s\nname: a\nname: b\nenabled: yes\n"
            "size: 3 apples\ncount: 11\nratio: \"1\"\nlist: a\nregex: \"(\"\nlevel: loud\n") ==
        "t.yaml:1:11: interval: expected a duration like 500ms, 15s or 2m, got '5x'\n"
        "t.yaml:2:1: unknown key 'intervall'; known here: name, enabled, interval, size, count, "
        "ratio, list, regex, level; did you mean 'interval'?\n"
        "t.yaml:4:1: 'name' is given twice\n"
        "t.yaml:5:10: enabled: expected true or false, got 'yes'\n"
        "t.yaml:6:7: size: expected a size like 512KiB or 32MiB, got '3 apples'\n"
        "t.yaml:7:8: count: expected a whole number from 1 to 10, got '11'\n"
        "t.yaml:8:8: ratio: expected a number, got '1'\n"
        "t.yaml:9:7: list: expected a list like [a, b], got 'a'\n"
        "t.yaml:10:8: regex: not a regular expression (RE2 syntax): missing ): (\n"
        "t.yaml:11:8: level: expected one of info, debug, got 'loud'\n");
}

TEST_CASE("map_reader: wrong kinds of nodes") {
  CHECK(problems_of("name:\n") == "t.yaml:1:1: name: expected text, got nothing\n");
  CHECK(problems_of("name: [a]\n") == "t.yaml:1:7: name: expected text, got a list\n");
  CHECK(problems_of("list: [[a]]\n") == "t.yaml:1:8: list: expected text, got a list\n");
  CHECK(problems_of("- a\n") == "t.yaml:1:1: expected a map (key: value), got a list\n");
  CHECK(problems_of("") == "");
  CHECK(problems_of("# only a comment\n") == "");
}

TEST_CASE("yaml: what has no place in a configuration is refused") {
  using Catch::Contains;
  CHECK_THAT(problems_of(std::string_view("name: a\nx\0y: b\n", 15)),
             Contains("t.yaml:2:2: a NUL"));
  CHECK_THAT(problems_of("name: &a b\n"), Contains("anchors (&a)"));
  CHECK_THAT(problems_of("name: &a b\nlist: [*a]\n"), Contains("aliases"));
  CHECK_THAT(problems_of("name: !!str b\n"), Contains("tags"));
  CHECK_THAT(problems_of("[a]: b\n"), Contains("a key must be text, got a list"));
  CHECK_THAT(problems_of("name: a\n---\nname: b\n"), Contains("more than one document"));
  CHECK_THAT(problems_of("name: [a\n"), Contains("t.yaml:"));
  CHECK_THAT(problems_of("name: \"a\n"), Contains("t.yaml:"));
  CHECK_THAT(problems_of("a: b: c\n"), Contains("t.yaml:1:"));
  CHECK_THAT(problems_of("\tname: a\n"), Contains("t.yaml:1:"));
  CHECK_THAT(problems_of("name: " + std::string(40, '[') + std::string(40, ']')),
             Contains("nested deeper than 16"));
  CHECK_THAT(problems_of("name: " + std::string(100'000, '[')), Contains("t.yaml:"));
  CHECK_THAT(problems_of(std::string(kMaxYamlBytes + 1, ' ')), Contains("larger than"));
}

TEST_CASE("problems: only the first hundred are listed") {
  Problems problems;
  for (int i = 0; i < 150; ++i) problems.add({"f", i + 1, 1, "x"});
  CHECK(problems.size() == 150);
  CHECK_THAT(problems.text(), Catch::EndsWith("f:100:1: x\nand 50 more\n"));
}
