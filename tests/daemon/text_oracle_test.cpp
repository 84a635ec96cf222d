// SPDX-License-Identifier: Apache-2.0
// The text printer against the serializer of prometheus-cpp, where the two say the same.
#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <array>
#include <catch2/catch.hpp>
#include <limits>
#include <map>

#include "collectors/support/labels.h"
#include "collectors/support/text.h"
#include "tests/page_text.h"

namespace kernstat {
namespace {

// Series and values, comments apart; numbers by value and not by how they are spelt.
std::map<std::string, double> series_of(std::string_view text) {
  std::map<std::string, double> all;
  while (!text.empty()) {
    const std::string_view line = next_line(text);
    if (line.starts_with('#')) continue;
    const auto space = line.rfind(' ');
    std::string name(line.substr(0, space));
    if (const auto le = name.find("le=\""); le != std::string::npos) {
      const auto end = name.find('"', le + 4);
      const double bound = std::stod(name.substr(le + 4, end - le - 4));
      name.replace(le + 4, end - le - 4, std::to_string(bound));
    }
    CHECK(all.emplace(name, std::stod(std::string(line.substr(space + 1)))).second);
  }
  return all;
}

std::string comments_of(std::string_view text) {
  std::string all;
  while (!text.empty()) {
    const std::string_view line = next_line(text);
    if (line.starts_with('#')) all.append(line).append("\n");
  }
  return all;
}

prometheus::MetricFamily family(const char* name, const char* help, prometheus::MetricType type) {
  prometheus::MetricFamily made;
  made.name = name;
  made.help = help;
  made.type = type;
  return made;
}

constexpr double kValues[] = {
    0, 1, -1, 0.1, 1e-9, 1e9, 123456789.125, 1e300, std::numeric_limits<double>::infinity()};

TEST_CASE("text: the same as another serializer prints") {
  std::vector<prometheus::MetricFamily> theirs{
      family("a_total", "A.", prometheus::MetricType::Counter),
      family("b", "B.", prometheus::MetricType::Gauge),
      family("c", "C.", prometheus::MetricType::Untyped),
      family("d_seconds", "D.", prometheus::MetricType::Histogram)};
  const std::array<double, 3> bounds{0.001, 1, 1e7};
  const std::array<std::uint64_t, 3> counts{5, 0, 7};
  const std::string ours = page_text([&](Families& out) {
    int n = 0;
    for (const double value : kValues) {
      const std::string label = "x\\\"\n" + std::to_string(n++);
      prometheus::ClientMetric metric;
      metric.label = {{"first", label}, {"second", "2"}};
      const Labels labels = std::move(Labels("first", label).add("second", "2"));
      out.family({"a_total", MetricType::kCounter, "A."});
      out.sample(labels.text(), value);
      metric.counter.value = value;
      theirs[0].metric.push_back(metric);
      out.family({"b", MetricType::kGauge, "B."});
      out.sample(labels.text(), value);
      metric.gauge.value = value;
      theirs[1].metric.push_back(metric);
      out.family({"c", MetricType::kUnknown, "C."});
      out.sample(labels.text(), value);
      metric.untyped.value = value;
      theirs[2].metric.push_back(metric);
      out.family({"d_seconds", MetricType::kHistogram, "D."});
      HistogramView view;
      view.bounds = bounds;
      view.counts = counts;
      view.count = 15;
      view.sum = 12.5;
      out.histogram(labels.text(), view);
      metric.histogram.sample_count = 15;
      metric.histogram.sample_sum = 12.5;
      metric.histogram.bucket = {{5, 0.001}, {5, 1}, {12, 1e7}};
      theirs[3].metric.push_back(metric);
    }
  });
  const std::string expected = prometheus::TextSerializer().Serialize(theirs);
  CHECK(series_of(ours) == series_of(expected));
  CHECK(comments_of(ours) == comments_of(expected));
  CHECK(series_of(ours).size() == 9 * 3 + 9 * 6);
}

}  // namespace
}  // namespace kernstat
