// SPDX-License-Identifier: Apache-2.0
#include "collectors/proc/textfile.h"

#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <chrono>
#include <filesystem>
#include <fstream>

#include "collectors/support/text.h"
#include "tests/collectors/collector_fixture.h"
#include "tests/page_text.h"

namespace kernstat {
namespace {

bool has(const std::string& text, const std::string& line) {
  return ("\n" + text).find("\n" + line + "\n") != std::string::npos;
}

// A directory of text files of the test's own.
struct TextTree {
  TextTree() { std::filesystem::create_directories(root); }
  ~TextTree() { std::filesystem::remove_all(root); }
  TextTree(const TextTree&) = delete;
  TextTree& operator=(const TextTree&) = delete;

  // As writers are told to: a new file, renamed.
  void put(const std::string& name, const std::string& text) const {
    std::ofstream(root / "new") << text;
    std::filesystem::rename(root / "new", root / name);
  }
  TextDirectory directory(TextDirectory::Limits limits = {1 << 20, 20'000}) const {
    return TextDirectory({root.string()}, false, limits);
  }
  std::string path(const std::string& name) const { return (root / name).string(); }

  std::filesystem::path root =
      std::filesystem::temp_directory_path() / ("kernstat_text_" + std::to_string(::getpid()));
};

std::string said(const TextExposition& exposition) {
  return page_text([&](Families& out) { exposition.write(out); });
}

// What is wrong with a file of this text: "line reason", or "".
std::string problem_of(std::string_view text) {
  TextFile file;
  std::size_t dropped = 0;
  const auto problem = parse_textfile(text, 1000, file, dropped);
  if (!problem) return {};
  return std::to_string(problem->line) + " " + std::string(problem_name(problem->kind));
}

// The samples of a file as text.
std::string samples_of(std::string_view text) {
  auto file = std::make_shared<ReadTextFile>();
  file->path = "f";
  REQUIRE_FALSE(parse_textfile(text, 1000, file->content, file->dropped));
  std::string all = said(TextExposition({file}, 1000, {}));
  std::string samples;
  for (std::string_view rest = all; !rest.empty();) {
    const std::string_view line = next_line(rest);
    if (line.find("_textfile_") == std::string_view::npos) samples.append(line).append("\n");
  }
  return samples;
}

}  // namespace

TEST_CASE("textfile reads all types") {
  CHECK(samples_of("# a comment\n\n#HELP a_total With \\\\ and \\n.\n# TYPE a_total counter\n"
                   "a_total{b=\"x\\\"\\\\\\n\",a=\"1\",} 5e3\n a_total  7\n") ==
        "# HELP a_total With \\\\ and \\n.\n# TYPE a_total counter\n"
        "a_total{a=\"1\",b=\"x\\\"\\\\\\n\"} 5000\na_total 7\n");
  CHECK(samples_of("x 1\nx{l=\"\"} 2\n").find("x 1\n") != std::string::npos);
  const std::string histogram =
      "# HELP h A histogram.\n# TYPE h histogram\nh_bucket{le=\"1\"} 2\nh_bucket{le=\"+Inf\"} 3\n"
      "h_sum 4.5\nh_count 3\n";
  CHECK(samples_of(histogram) == histogram);
  const std::string summary =
      "# HELP s A summary.\n# TYPE s summary\ns{quantile=\"0.5\"} 2\ns_sum 4.5\ns_count 3\n";
  CHECK(samples_of(summary) == summary);
  CHECK(samples_of("u NaN\nv +Inf\nw -inf\n") ==
        "# HELP u Metric read from f\n# TYPE u untyped\nu NaN\n"
        "# HELP v Metric read from f\n# TYPE v untyped\nv +Inf\n"
        "# HELP w Metric read from f\n# TYPE w untyped\nw -Inf\n");
}

TEST_CASE("textfile names the line that is bad") {
  CHECK(problem_of("").empty());
  CHECK(problem_of("a 1\nb 2").substr(0, 8) == "2 syntax");
  for (const char* line : {"1a 2",
                           "a",
                           "a x",
                           "a 1 x",
                           "a{ 1",
                           "a{b} 1",
                           "a{b=c} 1",
                           "a{b=\"c} 1",
                           "a{b=\"\\x\"} 1",
                           "a{b=\"c\" d=\"e\"} 1",
                           "a{b=\"c\",b=\"d\"} 1",
                           "a{__name__=\"c\"} 1",
                           "a{1b=\"c\"} 1",
                           "a 1_000",
                           "a +-1",
                           "a 1e999",
                           "a 1 2 3",
                           "a 1\r",
                           "a-b 1",
                           "# TYPE a what",
                           "# TYPE a gauge x",
                           "# TYPE",
                           "# HELP 1",
                           "# HELP a \\x",
                           "a nan(1)",
                           "a\xff 1",
                           "{} 1"}) {
    INFO(line);
    CHECK(problem_of("ok 1\n" + std::string(line) + "\nb 2\n") ==
          (std::string_view(line) == "a 1 2 3" ? "2 timestamp" : "2 syntax"));
  }
  CHECK(problem_of(std::string_view("a 1\nb\0 1\n", 9)) == "2 syntax");
  CHECK(problem_of("a 1 1395066363000\n") == "1 timestamp");
  CHECK(problem_of("# TYPE a gauge\n# TYPE a gauge\n") == "2 syntax");
  CHECK(problem_of("# HELP a x\n# HELP a x\n") == "2 syntax");
  CHECK(problem_of("a 1\n# TYPE a gauge\n") == "2 syntax");
  CHECK(problem_of("# TYPE h histogram\nh 1\n") == "2 syntax");
  CHECK(problem_of("# TYPE h histogram\nh_bucket 1\n") == "2 syntax");
  CHECK(problem_of("# TYPE h histogram\nh_bucket{le=\"x\"} 1\n") == "2 syntax");
  CHECK(problem_of("# TYPE s summary\ns 1\n") == "2 syntax");
  CHECK(problem_of("a{b=\"" + std::string(100'000, 'x') + "\"} 1\n").empty());
  CHECK(problem_of(std::string(100'000, '{') + "\n") == "1 syntax");
}

TEST_CASE("textfile serves the good files and tells what is wrong with the others") {
  const TextTree tree;
  tree.put("a.prom", "# HELP x One.\n# TYPE x gauge\nx{f=\"a\"} 1\ndup 1\ndup 2\n");
  tree.put("b.prom", "# HELP x Two.\nx{f=\"b\"} 1\ny 1\n");
  tree.put("c.prom", "# TYPE x counter\nx{f=\"c\"} 1\nz 1\n");
  tree.put("d.prom", "x{f=\"d\"} 1\ndup 3\n");
  tree.put("e.prom", "fine 1\nbad\n");
  tree.put("f.prom", "t 1 2\n");
  tree.put("ignored.txt", "nothing 1\n");
  TextDirectory directory = tree.directory();
  const auto exposition = directory.scan();
  REQUIRE(exposition);
  const std::string text = said(*exposition);
  CHECK(has(text, "# TYPE x gauge"));
  CHECK(has(text, "# HELP x One."));
  CHECK(has(text, "x{f=\"a\"} 1"));
  CHECK(has(text, "x{f=\"d\"} 1"));
  CHECK(text.find("x{f=\"b\"}") == std::string::npos);
  CHECK(text.find("x{f=\"c\"}") == std::string::npos);
  CHECK(has(text, "y 1"));
  CHECK(has(text, "z 1"));
  CHECK(has(text, "dup 1"));
  CHECK(text.find("\nfine") == std::string::npos);
  CHECK(text.find("\nt 1") == std::string::npos);
  CHECK(text.find("\nnothing") == std::string::npos);
  CHECK(has(text, "node_textfile_scrape_error 1"));
  const auto error = [&](const char* file, const char* reason, int count) {
    return has(text, "kernstat_textfile_errors{file=\"" + tree.path(file) + "\",reason=\"" +
                         reason + "\"} " + std::to_string(count));
  };
  CHECK(has(text, "kernstat_textfile_error_line{file=\"" + tree.path("e.prom") +
                      "\",reason=\"syntax\"} 2"));
  CHECK(text.find("kernstat_textfile_error_line{file=\"" + tree.path("b.prom")) !=
        std::string::npos);
  CHECK(error("a.prom", "duplicate", 1));
  CHECK(error("b.prom", "conflict", 1));
  CHECK(error("c.prom", "conflict", 1));
  CHECK(error("d.prom", "duplicate", 1));
  CHECK(error("e.prom", "syntax", 1));
  CHECK(error("f.prom", "timestamp", 1));
  CHECK(text.find("node_textfile_mtime_seconds{file=\"" + tree.path("a.prom") + "\"} ") !=
        std::string::npos);
  CHECK(text.find("mtime_seconds{file=\"" + tree.path("e.prom")) == std::string::npos);
  const std::string parts[] = {tree.path("a.prom") + ":5: 'dup{}' is there already",
                               tree.path("b.prom") + ":1: 'x' has another help in a file before",
                               tree.path("c.prom") + ":1: 'x' is gauge in a file before, counter",
                               tree.path("d.prom") + ":2: 'dup{}' is there already",
                               tree.path("e.prom") + ":2: '' is no value",
                               tree.path("f.prom") + ":1: a timestamp"};
  for (const std::string& part : parts) {
    INFO(exposition->problem());
    CHECK(exposition->problem().find(part) != std::string::npos);
  }
}

TEST_CASE("textfile keeps a histogram and its parts apart from other families") {
  const TextTree tree;
  tree.put("a.prom", "h_sum 1\n");
  tree.put("b.prom", "# TYPE h histogram\nh_bucket{le=\"+Inf\"} 2\nh_sum 3\nh_count 2\n");
  tree.put("c.prom", "h 1\n");
  TextDirectory directory = tree.directory();
  const auto exposition = directory.scan();
  REQUIRE(exposition);
  const std::string text = said(*exposition);
  CHECK(has(text, "h_sum 1"));
  CHECK_FALSE(has(text, "h_sum 3"));
  CHECK(has(text, "h_count 2"));
  CHECK_FALSE(has(text, "h 1"));
}

TEST_CASE("textfile reads again only what was written") {
  const TextTree tree;
  tree.put("a.prom", "a 1\n");
  tree.put("b.prom", "b 1\n");
  // Old enough that a further write would show.
  const auto old = std::filesystem::file_time_type::clock::now() - std::chrono::hours(1);
  const auto age = [&] {
    for (const char* file : {"a.prom", "b.prom"}) {
      if (std::filesystem::exists(tree.root / file))
        std::filesystem::last_write_time(tree.root / file, old);
    }
    std::filesystem::last_write_time(tree.root, old);
  };
  age();
  TextDirectory directory = tree.directory();
  REQUIRE(directory.scan());
  CHECK_FALSE(directory.scan());
  std::ofstream(tree.root / "a.prom") << "a 22\n";  // in place
  auto now = directory.scan();
  REQUIRE(now);
  CHECK(has(said(*now), "a 22"));
  CHECK(has(said(*now), "b 1"));
  // A file that was written a moment ago may be written once more within the same time stamp.
  CHECK(directory.scan());
  std::filesystem::remove(tree.root / "b.prom");
  now = directory.scan();
  REQUIRE(now);
  CHECK(said(*now).find("\nb 1") == std::string::npos);
  tree.put("c.prom", "c 1\n");
  now = directory.scan();
  REQUIRE(now);
  CHECK(has(said(*now), "c 1"));
}

TEST_CASE("textfile survives what is no file, too large, or too much") {
  const TextTree tree;
  REQUIRE(::mkfifo(tree.path("pipe.prom").c_str(), 0600) == 0);
  std::filesystem::create_directory(tree.root / "dir.prom");
  std::filesystem::create_symlink("nowhere", tree.root / "link.prom");
  tree.put("large.prom", "# " + std::string(10'000, 'x') + "\n");
  std::string many;
  for (int i = 0; i < 50; ++i) many += "m{i=\"" + std::to_string(i) + "\"} 1\n";
  tree.put("many.prom", many);
  tree.put("more.prom", "n 1\n");
  TextDirectory directory = tree.directory({8192, 20});
  const auto exposition = directory.scan();
  REQUIRE(exposition);
  const std::string text = said(*exposition);
  for (const char* file : {"pipe.prom", "dir.prom", "link.prom", "large.prom"}) {
    CHECK(has(text, "kernstat_textfile_errors{file=\"" + tree.path(file) +
                        "\",reason=\"unreadable\"} 1"));
  }
  CHECK(has(text, "m{i=\"19\"} 1"));
  CHECK_FALSE(has(text, "m{i=\"20\"} 1"));
  CHECK(has(text, "kernstat_textfile_errors{file=\"" + tree.path("many.prom") +
                      "\",reason=\"limit\"} 30"));
  CHECK(has(text, "kernstat_textfile_errors{file=\"" + tree.path("more.prom") +
                      "\",reason=\"limit\"} 1"));
}

TEST_CASE("textfile: what a collector says in another way is in conflict, and named") {
  const TextTree tree;
  tree.put("a.prom", "good 1\nnode_load1 7\n");
  TextDirectory directory = tree.directory({8192, 20});
  const auto exposition = directory.scan();
  REQUIRE(exposition);
  const std::string text = page_text([&](Families& out) {
    out.single({"node_load1", MetricType::kGauge, "Load."}, 0.5);
    exposition->write(out);
  });
  CHECK(has(text, "node_load1 0.5"));
  CHECK(has(text, "good 1"));
  const std::string labels = "{file=\"" + tree.path("a.prom") + "\",reason=\"conflict\"}";
  CHECK(has(text, "kernstat_textfile_errors" + labels + " 1"));
  CHECK(has(text, "kernstat_textfile_error_line" + labels + " 2"));
  CHECK(has(text, "node_textfile_scrape_error 1"));
}

TEST_CASE("textfile: a directory that is not there is an error only when it was asked for") {
  const TextTree tree;
  const std::string missing = tree.path("missing");
  TextDirectory asked({missing}, false, {1000, 10});
  const auto exposition = asked.scan();
  REQUIRE(exposition);
  CHECK(has(said(*exposition), "node_textfile_scrape_error 1"));
  CHECK(exposition->problem().find(missing) != std::string::npos);
  TextDirectory usual({missing}, true, {1000, 10});
  const auto without = usual.scan();
  REQUIRE(without);
  CHECK(has(said(*without), "node_textfile_scrape_error 0"));
  // It is found when it comes.
  std::filesystem::create_directory(missing);
  std::ofstream(missing + "/a.prom") << "a 1\n";
  const auto found = usual.scan();
  REQUIRE(found);
  CHECK(has(said(*found), "a 1"));
}

TEST_CASE("textfile expands patterns of directories") {
  const TextTree tree;
  for (const char* name : {"x1", "x2", "y"}) {
    std::filesystem::create_directory(tree.root / name);
    std::ofstream(tree.root / name / "a.prom") << "m{d=\"" << name << "\"} 1\n";
  }
  TextDirectory directory({tree.path("x*"), tree.path("y")}, false, {1000, 10});
  const auto exposition = directory.scan();
  REQUIRE(exposition);
  CHECK(has(said(*exposition), "m{d=\"x1\"} 1"));
  CHECK(has(said(*exposition), "m{d=\"x2\"} 1"));
  CHECK(has(said(*exposition), "m{d=\"y\"} 1"));
}

TEST_CASE("textfile serves ten thousand series") {
  const TextTree tree;
  std::string many = "# HELP wide_total Many.\n# TYPE wide_total counter\n";
  for (int i = 0; i < 10'000; ++i) {
    many += "wide_total{series=\"" + std::to_string(i) + "\",b=\"x\"} " + std::to_string(i) + "\n";
  }
  tree.put("many.prom", many);
  const auto collector = made_collector("textfile", Host{}, [&](Options& options) {
    Options::Value value = option(OptionType::kTextList, tree.root.string());
    options.set("directories", value);
  });
  REQUIRE(tick(*collector).empty());
  const std::string text = collector_text(*collector);
  CHECK(has(text, "wide_total{b=\"x\",series=\"0\"} 0"));
  CHECK(has(text, "wide_total{b=\"x\",series=\"9999\"} 9999"));
  CHECK(has(text, "node_textfile_scrape_error 0"));
  CHECK(collector->problem().empty());
}

}  // namespace kernstat
