// SPDX-License-Identifier: Apache-2.0
// What tests of collectors share: a Families that remembers, a host made of fixture files, ticks.
#pragma once

#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "collectors/collector.h"
#include "collectors/options.h"

namespace kernstat {

/// What one scrape of a collector said, each sample under "name{labels}".
struct Scraped {
  /// The value of "name{labels}" or "name"; nothing when there is no such sample.
  std::optional<double> get(const std::string& series) const {
    const auto found = values.find(series);
    return found == values.end() ? std::nullopt : std::optional(found->second);
  }

  std::map<std::string, double> values;  // of histograms the count
  std::map<std::string, double> sums;    // of histograms
  std::map<std::string, MetricType> types;
  std::vector<std::string> problems;
};

/// A Families that remembers.
class Recorder final : public Families {
 public:
  void family(const Metric& metric) override {
    name_ = metric.name;
    const auto [place, fresh] = scraped.types.emplace(name_, metric.type);
    if (!fresh && place->second != metric.type) scraped.problems.push_back("two types: " + name_);
    if (!metric.help.ends_with('.')) scraped.problems.push_back("no full stop: " + name_);
  }
  void sample(std::string_view labels, double value) override { keep(labels, value); }
  void sample(std::string_view labels, std::uint64_t value) override {
    keep(labels, static_cast<double>(value));
  }
  void histogram(std::string_view labels, const HistogramView& view) override {
    keep(labels, static_cast<double>(view.count));
    scraped.sums[key(labels)] = view.sum;
  }
  void part(std::string_view suffix, std::string_view labels, double value) override {
    name_ += suffix;
    keep(labels, value);
    name_.resize(name_.size() - suffix.size());
  }
  std::size_t said() const override { return scraped.values.size(); }

  Scraped scraped;

 private:
  std::string key(std::string_view labels) const {
    return labels.empty() ? name_ : name_ + "{" + std::string(labels) + "}";
  }
  void keep(std::string_view labels, double value) {
    if (!scraped.values.emplace(key(labels), value).second) {
      scraped.problems.push_back("twice: " + key(labels));
    }
  }
  std::string name_;
};

/// A directory with proc, sys and root that a test fills; removed at the end.
class FakeHost {
 public:
  FakeHost() {
    std::string name = (std::filesystem::temp_directory_path() / "kernstat-test-XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    root_ = name;
    host.proc = root_ / "proc";
    host.sys = root_ / "sys";
    host.root = root_ / "root";
  }
  ~FakeHost() {
    std::error_code ignored;
    std::filesystem::remove_all(root_, ignored);
  }
  FakeHost(const FakeHost&) = delete;
  FakeHost& operator=(const FakeHost&) = delete;

  /// Writes a file below the directory ("proc/stat"), in place, so that kept descriptors see it.
  void write(const std::string& path, std::string_view text) const {
    std::filesystem::create_directories((root_ / path).parent_path());
    std::ofstream(root_ / path, std::ios::binary) << text;
  }
  void remove(const std::string& path) const { std::filesystem::remove_all(root_ / path); }
  std::string path(const std::string& path) const { return (root_ / path).string(); }

  Host host;

 private:
  std::filesystem::path root_;
};

/// The host whose files are tests/fixtures/NAME.
inline Host host_of_fixture(const std::string& name) {
  const std::string root = std::string(KERNSTAT_SOURCE) + "/tests/fixtures/" + name;
  return {.proc = root + "/proc", .sys = root + "/sys", .root = root};
}

/// The text of one fixture file ("debian12/proc/stat"); fails the test when it is not there.
inline std::string fixture(const std::string& path) {
  auto text = read_file(std::string(KERNSTAT_SOURCE) + "/tests/fixtures/" + path);
  REQUIRE(text);
  return *text;
}

/// One collector, ticked by hand.
class Ticker {
 public:
  /// `values` are options other than the default, as they stand in YAML.
  Ticker(std::string_view name, const Host& host,
         const std::map<std::string, std::string>& values = {}) {
    for (const CollectorSpec& spec : registered_collectors()) {
      if (spec.name != name) continue;
      Options options = Options::defaults(spec);
      for (const OptionSpec& option : spec.options) {
        const auto found = values.find(option.key);
        if (found == values.end()) continue;
        auto value = parse_option(option.type, found->second);
        REQUIRE(value);
        options.set(option.key, *value);
      }
      auto made = spec.make(host, options);
      REQUIRE(made);
      collector_ = std::move(*made);
    }
    REQUIRE(collector_);
  }
  /// Reads and publishes `seconds` after the tick before.
  Result<void> tick(double seconds = 1) {
    now_ns_ += static_cast<std::int64_t>(seconds * 1e9);
    auto result = collector_->read({.monotonic_ns = now_ns_, .interval_ns = 1'000'000'000});
    ok_ = result.has_value();
    if (ok_) collector_->publish();
    return result;
  }
  Scraped scrape() const {
    Recorder recorder;
    collector_->write(recorder, ok_);
    CHECK(recorder.scraped.problems == std::vector<std::string>{});
    return recorder.scraped;
  }

 private:
  std::unique_ptr<Collector> collector_;
  std::int64_t now_ns_ = 1'000'000'000;
  bool ok_ = false;
};

/// Texts that no parser may take amiss: nothing, NUL bytes, no line end, a line without end.
inline std::vector<std::string> hostile_texts() {
  return {"",
          "\n",
          std::string(3, '\0'),
          std::string("\0\n\0: 1 kB\n", 10),
          ":",
          ":\n",
          " \t \n",
          std::string(100'000, '9') + "\n",
          std::string(100'000, ' ') + "\n",
          std::string(5'000, '\n'),
          "18446744073709551616 18446744073709551616\n",
          "-1 -1 -1 -1\n",
          "\xff\xfe\xfd\n"};
}

}  // namespace kernstat
