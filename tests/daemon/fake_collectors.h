// SPDX-License-Identifier: Apache-2.0
// Collectors and receivers that tests steer.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "collectors/collector.h"
#include "collectors/options.h"

namespace kernstat::testing {

/// What a FakeCollector does and what happened to it; outlives it. Any thread.
struct FakeSource {
  std::function<Result<void>()> read = [] { return Result<void>(); };
  std::string problem;
  std::string more_prefix;  // of the label values
  std::atomic<int> more_series{0};
  std::atomic<int> made{0};
  std::atomic<int> reads{0};
  std::atomic<int> published{0};
  std::atomic<int> ended{0};
};

/// Says fake_reads{name} as often as it was published, and fake_current.
class FakeCollector final : public Collector {
 public:
  explicit FakeCollector(std::shared_ptr<FakeSource> source) : source_(std::move(source)) {
    ++source_->made;
  }
  ~FakeCollector() override { ++source_->ended; }
  Result<void> read(const Tick&) override {
    ++source_->reads;
    return source_->read();
  }
  void publish() override {
    ++published_;
    ++source_->published;
  }
  void write(Families& out, bool current) const override {
    static constexpr Metric kReads{"fake_published_total", MetricType::kCounter, "Published."};
    static constexpr Metric kCurrent{"fake_current", MetricType::kGauge, "Current."};
    out.single(kReads, published_);
    if (current) out.single(kCurrent, std::uint64_t{1});
    for (int i = 0; i < source_->more_series; ++i) {
      out.family({"fake_more", MetricType::kGauge, "More."});
      out.sample("n=\"" + source_->more_prefix + std::to_string(i) + "\"", std::uint64_t{1});
    }
  }

  std::string_view problem() const override { return source_->problem; }

  FakeCollector(const FakeCollector&) = delete;
  FakeCollector& operator=(const FakeCollector&) = delete;
  FakeCollector(FakeCollector&&) = delete;
  FakeCollector& operator=(FakeCollector&&) = delete;

 private:
  std::shared_ptr<FakeSource> source_;
  std::uint64_t published_ = 0;
};

inline CollectorSpec fake_spec(const std::string& name, std::shared_ptr<FakeSource> source,
                               Lane lane = Lane::kFast) {
  return {.name = name,
          .help = "A fake.",
          .interval = std::chrono::seconds(1),
          .lane = lane,
          .options = {{"word", OptionType::kText, "a", "A word."}},
          .make = [source](const Host&, const Options&) -> Result<std::unique_ptr<Collector>> {
            return std::make_unique<FakeCollector>(source);
          }};
}

/// Keeps "name{labels} value" of each sample.
class Lines final : public Families {
 public:
  void family(const Metric& metric) override { name_ = metric.name; }
  void sample(std::string_view labels, double value) override {
    add(labels, std::to_string(value));
  }
  void sample(std::string_view labels, std::uint64_t value) override {
    add(labels, std::to_string(value));
  }
  void histogram(std::string_view labels, const HistogramView& view) override {
    add(labels, std::to_string(view.count));
  }
  void part(std::string_view suffix, std::string_view labels, double value) override {
    add(std::string(suffix) + std::string(labels), std::to_string(value));
  }
  std::size_t said() const override { return lines.size(); }
  bool has(const std::string& line) const {
    for (const auto& one : lines) {
      if (one == line) return true;
    }
    return false;
  }
  /// The value of the first sample of `name` (labels included).
  std::optional<std::string> value(const std::string& name) const {
    for (const auto& one : lines) {
      if (one.starts_with(name + " ")) return one.substr(name.size() + 1);
    }
    return std::nullopt;
  }

  std::vector<std::string> lines;

 private:
  void add(std::string_view labels, const std::string& value) {
    std::string line = name_;
    if (!labels.empty()) line.append("{").append(labels).append("}");
    lines.push_back(line + " " + value);
  }
  std::string name_;
};

}  // namespace kernstat::testing
