// SPDX-License-Identifier: Apache-2.0
#include "daemon/page.h"

#include <algorithm>
#include <array>
#include <catch2/catch.hpp>

#include "collectors/support/labels.h"
#include "daemon/render_protobuf.h"
#include "daemon/render_text.h"
#include "tests/page_text.h"

namespace kernstat {
namespace {

constexpr Metric kReads{"x_reads_total", MetricType::kCounter, "Reads."};
constexpr Metric kLoad{"x_load", MetricType::kGauge, "Load."};
constexpr Metric kWait{"x_wait_seconds", MetricType::kHistogram, "Waits."};

constexpr std::array<double, 3> kBounds{0.25, 1, 4};
constexpr std::array<std::uint64_t, 3> kCounts{1, 2, 0};
constexpr std::array<std::uint64_t, 5> kNative{0, 3, 0, 1, 0};

HistogramView waits() {
  HistogramView view;
  view.bounds = kBounds;
  view.counts = kCounts;
  view.has_native = true;
  view.schema = 0;
  view.first_index = -2;
  view.native = kNative;
  view.zero_threshold = 0.125;
  view.count = 4;
  view.sum = 9.5;
  return view;
}

TEST_CASE("a page merges families and sorts them by name") {
  CHECK(page_text([](Families& out) {
          out.family(kReads);
          out.sample("device=\"a\"", std::uint64_t{1});
          out.single(kLoad, 0.5);
          out.family(kReads);
          out.sample("device=\"b\"", std::uint64_t{2});
        }) ==
        "# HELP x_load Load.\n"
        "# TYPE x_load gauge\n"
        "x_load 0.5\n"
        "# HELP x_reads_total Reads.\n"
        "# TYPE x_reads_total counter\n"
        "x_reads_total{device=\"a\"} 1\n"
        "x_reads_total{device=\"b\"} 2\n");
}

TEST_CASE("a family without samples is not printed") {
  CHECK(page_text([](Families& out) { out.family(kReads); }).empty());
}

TEST_CASE("a page keeps the first of equal series and counts the others") {
  Page page;
  page.family(kReads);
  page.sample("device=\"a\"", std::uint64_t{1});
  page.sample("device=\"a\"", std::uint64_t{2});
  page.part("_x", "device=\"a\"", 3);
  page.part("_x", "device=\"a\"", 4);
  page.family(kLoad);
  page.sample("device=\"a\"", 5.0);
  CHECK(page.series() == 3);
  CHECK(page.dropped().duplicate == 2);
  CHECK(page.first_problem() == "x_reads_total{device=\"a\"}: the same series a second time");
}

TEST_CASE("a family of two types or two helps keeps the samples of the first") {
  Page page;
  page.single(kLoad, 1.0);
  page.single(Metric{"x_load", MetricType::kCounter, "Load."}, 2.0);
  page.single(Metric{"x_load", MetricType::kGauge, "Another."}, 3.0);
  page.family(kLoad);
  page.sample("cpu=\"0\"", 4.0);
  page.histogram("cpu=\"1\"", waits());
  CHECK(page.series() == 2);
  CHECK(page.dropped().conflict == 2 + kBounds.size() + 3);
}

TEST_CASE("a sample before any family is dropped and counted") {
  Page page;
  page.sample("", 1.0);
  CHECK(page.series() == 0);
  CHECK(page.dropped().conflict == 1);
}

TEST_CASE("a page takes no more series than its limit and says how many it left") {
  Page page(3);
  page.family(kReads);
  for (std::uint64_t i = 0; i < 10; ++i) page.sample(Labels("n", std::to_string(i)).text(), i);
  CHECK(page.series() == 3);
  CHECK(page.dropped().limit == 7);
  page.clear(5);
  page.family(kReads);
  for (std::uint64_t i = 0; i < 10; ++i) page.sample(Labels("n", std::to_string(i)).text(), i);
  CHECK(page.series() == 5);
  CHECK(page.dropped().limit == 5);
}

TEST_CASE("a page counts and limits series as the scraper will count them") {
  constexpr std::size_t kLines = kBounds.size() + 3;
  Page page(2 * kLines);
  const auto write = [&] {
    page.family(kWait);
    for (const char* labels : {"n=\"1\"", "n=\"2\"", "n=\"3\""}) page.histogram(labels, waits());
    page.finish();
  };
  std::string text;
  write();
  CHECK(page.series() == 2 * kLines);
  CHECK(page.dropped().limit == kLines);
  CHECK(page.said() == 3 * kLines);
  CHECK(render_text(page, text, {}).printed == 2 * kLines);
  CHECK(static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')) == 2 + 2 * kLines);
  page.clear(3, Page::Counting::kNative);
  write();
  CHECK(page.series() == 3);
  CHECK(page.dropped().limit == 0);
  CHECK(render_protobuf(page, text, {}).printed == 3);
}

TEST_CASE("a page takes what is said once its limit is lifted, until it begins anew") {
  Page page(1);
  for (int i = 0; i < 2; ++i) {
    page.family(kReads);
    page.sample("n=\"1\"", 1.0);
    page.sample("n=\"2\"", 1.0);
    page.lift_limit();
    page.sample("n=\"3\"", 1.0);
    CHECK(page.series() == 2);
    CHECK(page.dropped().limit == 1);
    page.clear();
  }
}

TEST_CASE("a page needs nothing of the writer after the call") {
  Page page;
  {
    std::string name = "x_gone";
    std::string help = "Gone.";
    std::string labels = "a=\"b\"";
    page.family({name, MetricType::kGauge, help});
    page.sample(labels, 1.0);
    name.assign(name.size(), '?');
    help.assign(help.size(), '?');
    labels.assign(labels.size(), '?');
  }
  page.finish();
  std::string text;
  render_text(page, text);
  CHECK(text == "# HELP x_gone Gone.\n# TYPE x_gone gauge\nx_gone{a=\"b\"} 1\n");
}

TEST_CASE("a page keeps a histogram without its empty ends") {
  Page page;
  page.family(kWait);
  page.histogram("device=\"a\"", waits());
  page.histogram("device=\"b\"", waits());
  page.finish();
  const Page::Family& family = page.family_at(page.by_name()[0]);
  const Page::Sample& first = page.sample_at(family.first);
  const HistogramView view = page.histogram_of(first);
  CHECK(view.first_index == -1);
  REQUIRE(view.native.size() == 3);
  CHECK(view.native[0] == 3);
  CHECK(view.native[2] == 1);
  CHECK(view.count == 4);
  CHECK(page.bounds_id(first) == page.bounds_id(page.sample_at(first.next)));
}

TEST_CASE("many series and families are found again") {
  Page page;
  for (int round = 0; round < 2; ++round) {
    for (std::uint64_t i = 0; i < 3000; ++i) {
      const std::string name = "x_" + std::to_string(i);
      page.family({name, MetricType::kGauge, "One of many."});
      page.sample("", i);
      page.sample("a=\"b\"", i);
    }
  }
  page.finish();
  CHECK(page.series() == 6000);
  CHECK(page.dropped().duplicate == 6000);
  CHECK(page.by_name().size() == 3000);
  REQUIRE(page.find("x_2999") != nullptr);
  CHECK(page.find("x_3000") == nullptr);
}

TEST_CASE("a page that is used again does not grow") {
  Page page;
  const auto fill = [&] {
    page.clear();
    for (std::uint64_t i = 0; i < 2000; ++i) {
      page.family(i % 2 == 0 ? kReads : kLoad);
      page.sample(Labels("n", std::to_string(i)).text(), i);
    }
    page.finish();
  };
  fill();
  const std::size_t memory = page.memory();
  fill();
  CHECK(page.memory() == memory);
  CHECK(page.series() == 2000);
}

}  // namespace
}  // namespace kernstat
