// SPDX-License-Identifier: Apache-2.0
#include "daemon/render_text.h"

#include <array>
#include <catch2/catch.hpp>
#include <cmath>
#include <limits>

#include "collectors/support/labels.h"
#include "daemon/number_text.h"
#include "tests/page_text.h"

namespace kernstat {
namespace {

std::string number(double value) {
  std::string text;
  append_number(text, value);
  return text;
}

std::string bound(double value) {
  std::string text;
  append_bound(text, value);
  return text;
}

TEST_CASE("numbers are the shortest that read back the same") {
  CHECK(number(0) == "0");
  CHECK(number(-0.0) == "-0");
  CHECK(number(1e6) == "1000000");
  CHECK(number(-17) == "-17");
  CHECK(number(0.1) == "0.1");
  CHECK(number(1e300) == "1e+300");
  CHECK(number(123456.789) == "123456.789");
  CHECK(number(5e-324) == "5e-324");
  CHECK(number(std::numeric_limits<double>::quiet_NaN()) == "NaN");
  CHECK(number(std::numeric_limits<double>::infinity()) == "+Inf");
  CHECK(number(-std::numeric_limits<double>::infinity()) == "-Inf");
  for (const double value : {1.0 / 3, 2.0 / 3, 1e15, 1e15 + 2, 9007199254740993.0, 1.7e-7}) {
    CHECK(std::stod(number(value)) == value);
  }
  std::string text;
  append_number(text, std::numeric_limits<std::uint64_t>::max());
  CHECK(text == "18446744073709551615");
}

TEST_CASE("bounds have one form in all formats") {
  CHECK(bound(1) == "1.0");
  CHECK(bound(0) == "0.0");
  CHECK(bound(0.25) == "0.25");
  CHECK(bound(100000) == "100000.0");
  CHECK(bound(1e6) == "1e+06");
  CHECK(bound(1048576) == "1.048576e+06");
  CHECK(bound(1e-4) == "0.0001");
  CHECK(bound(std::ldexp(1, -20)) == "9.5367431640625e-07");
  CHECK(bound(std::numeric_limits<double>::infinity()) == "+Inf");
}

TEST_CASE("text: types, escapes and special values") {
  CHECK(page_text([](Families& out) {
          out.family({"a_info", MetricType::kInfo, "With \\ and\nnewline and \"quote\"."});
          out.sample(Labels("v", "x\"y\\z\n").text(), std::uint64_t{1});
          out.single({"b", MetricType::kUnknown, "B."}, std::nan(""));
          out.single({"c", MetricType::kGauge, "C."}, -1.5);
        }) ==
        "# HELP a_info With \\\\ and\\nnewline and \"quote\".\n"
        "# TYPE a_info gauge\n"
        "a_info{v=\"x\\\"y\\\\z\\n\"} 1\n"
        "# HELP b B.\n"
        "# TYPE b untyped\n"
        "b NaN\n"
        "# HELP c C.\n"
        "# TYPE c gauge\n"
        "c -1.5\n");
}

TEST_CASE("text: a histogram is printed as cumulative classic buckets") {
  const std::array<double, 3> bounds{0.25, 1, 4};
  const std::array<std::uint64_t, 3> counts{1, 2, 0};
  HistogramView view;
  view.bounds = bounds;
  view.counts = counts;
  view.count = 4;
  view.sum = 9.5;
  CHECK(page_text([&](Families& out) {
          out.family({"w_seconds", MetricType::kHistogram, "W."});
          out.histogram("", view);
          out.histogram("d=\"a\"", view);
        }) ==
        "# HELP w_seconds W.\n"
        "# TYPE w_seconds histogram\n"
        "w_seconds_bucket{le=\"0.25\"} 1\n"
        "w_seconds_bucket{le=\"1.0\"} 3\n"
        "w_seconds_bucket{le=\"4.0\"} 3\n"
        "w_seconds_bucket{le=\"+Inf\"} 4\n"
        "w_seconds_sum 9.5\n"
        "w_seconds_count 4\n"
        "w_seconds_bucket{d=\"a\",le=\"0.25\"} 1\n"
        "w_seconds_bucket{d=\"a\",le=\"1.0\"} 3\n"
        "w_seconds_bucket{d=\"a\",le=\"4.0\"} 3\n"
        "w_seconds_bucket{d=\"a\",le=\"+Inf\"} 4\n"
        "w_seconds_sum{d=\"a\"} 9.5\n"
        "w_seconds_count{d=\"a\"} 4\n");
}

TEST_CASE("text: the byte limit cuts whole series and whole families") {
  Page page;
  page.family({"a", MetricType::kGauge, "A."});
  page.sample("n=\"1\"", 1.0);
  page.sample("n=\"2\"", 2.0);
  page.single({"b", MetricType::kGauge, "B."}, 3.0);
  page.finish();
  std::string whole;
  CHECK(render_text(page, whole).printed == 3);
  const std::string head = "# HELP a A.\n# TYPE a gauge\n";
  for (std::size_t limit = 0; limit <= whole.size(); ++limit) {
    std::string out = "kept";
    const RenderResult result = render_text(page, out, {limit, {}});
    INFO(limit);
    CHECK(result.printed + result.cut == 3);
    CHECK(out.size() <= limit + 4);
    const std::string expected[] = {"", head + "a{n=\"1\"} 1\n",
                                    head + "a{n=\"1\"} 1\na{n=\"2\"} 2\n", whole};
    CHECK(out == "kept" + expected[result.printed]);
  }
}

TEST_CASE("text: a deadline that has passed is reported") {
  Page page;
  page.single({"a", MetricType::kGauge, "A."}, 1.0);
  page.finish();
  std::string out;
  const auto now = std::chrono::steady_clock::now();
  CHECK(render_text(page, out, {SIZE_MAX, now}).expired);
  out.clear();
  CHECK_FALSE(render_text(page, out, {SIZE_MAX, now + std::chrono::hours(1)}).expired);
}

}  // namespace
}  // namespace kernstat
