// SPDX-License-Identifier: Apache-2.0
#include "daemon/render_protobuf.h"

#include <array>
#include <catch2/catch.hpp>
#include <cmath>

#include "collectors/support/labels.h"
#include "daemon/page.h"
#include "tests/daemon/protobuf_reader.h"

namespace kernstat {
namespace {

template <typename Write>
std::vector<ProtobufMessage> protobuf_of(const Write& write) {
  Page page;
  write(page);
  page.finish();
  std::string out;
  CHECK(render_protobuf(page, out).printed == page.series());
  return read_delimited(out);
}

TEST_CASE("protobuf: names, types, labels and values") {
  const auto families = protobuf_of([](Families& out) {
    out.family({"a_total", MetricType::kCounter, "A."});
    out.sample(Labels("v", "x\"y\\z\n,=").add("w", "").text(), 1.5);
    out.single({"b_info", MetricType::kInfo, "B."}, std::uint64_t{1});
    out.single({"c", MetricType::kUnknown, "C."}, std::uint64_t{7});
  });
  REQUIRE(families.size() == 3);
  CHECK(families[0].one(1).bytes == "a_total");
  CHECK(families[0].one(2).bytes == "A.");
  CHECK(families[0].one(3).number == 0);
  const ProtobufMessage metric = families[0].message(4);
  REQUIRE(metric.count(1) == 2);
  CHECK(metric.message(1, 0).one(1).bytes == "v");
  CHECK(metric.message(1, 0).one(2).bytes == "x\"y\\z\n,=");
  CHECK(metric.message(1, 1).one(2).bytes.empty());
  CHECK(metric.message(3).one(1).as_double() == 1.5);
  CHECK(families[1].one(3).number == 1);
  CHECK(families[1].message(4).message(2).one(1).as_double() == 1);
  CHECK(families[2].one(3).number == 3);
  CHECK(families[2].message(4).message(5).one(1).as_double() == 7);
}

// The counts of the native buckets by index, read as the schema says.
std::map<std::int64_t, std::int64_t> native_buckets(const ProtobufMessage& histogram) {
  std::map<std::int64_t, std::int64_t> buckets;
  std::string_view deltas = histogram.one(13).bytes;
  std::int64_t index = 0;
  std::int64_t count = 0;
  for (std::size_t i = 0; i < histogram.count(12); ++i) {
    const ProtobufMessage span = histogram.message(12, i);
    index += span.one(1).as_sint();
    if (i > 0) CHECK(span.one(1).as_sint() > 2);
    for (std::uint64_t n = span.one(2).number; n > 0; --n, ++index) {
      ProtobufField delta;
      delta.number = read_varint(deltas);
      count += delta.as_sint();
      buckets[index] = count;
    }
  }
  CHECK(deltas.empty());
  return buckets;
}

TEST_CASE("protobuf: a histogram carries classic and native buckets of the same observations") {
  const std::array<double, 2> bounds{0.5, 2};
  const std::array<std::uint64_t, 2> counts{3, 4};
  const std::array<std::uint64_t, 12> native{0, 2, 0, 0, 5, 0, 0, 0, 1, 1, 0, 0};
  HistogramView view;
  view.bounds = bounds;
  view.counts = counts;
  view.has_native = true;
  view.schema = 3;
  view.first_index = -4;
  view.native = native;
  view.zero_threshold = 0.25;
  view.zero_count = 1;
  view.count = 10;
  view.sum = 12.5;
  const auto families = protobuf_of([&](Families& out) {
    out.family({"h_seconds", MetricType::kHistogram, "H."});
    out.histogram("d=\"a\"", view);
  });
  CHECK(families[0].one(3).number == 4);
  const ProtobufMessage histogram = families[0].message(4).message(7);
  CHECK(histogram.one(1).number == 10);
  CHECK(histogram.one(2).as_double() == 12.5);
  REQUIRE(histogram.count(3) == 3);
  CHECK(histogram.message(3, 0).one(1).number == 3);
  CHECK(histogram.message(3, 0).one(2).as_double() == 0.5);
  CHECK(histogram.message(3, 1).one(1).number == 7);
  CHECK(histogram.message(3, 2).one(1).number == 10);
  CHECK(std::isinf(histogram.message(3, 2).one(2).as_double()));
  CHECK(histogram.one(5).as_sint() == 3);
  CHECK(histogram.one(6).as_double() == 0.25);
  CHECK(histogram.one(7).number == 1);
  CHECK(histogram.count(12) == 2);
  CHECK(native_buckets(histogram) ==
        std::map<std::int64_t, std::int64_t>{{-3, 2}, {-2, 0}, {-1, 0}, {0, 5}, {4, 1}, {5, 1}});
}

TEST_CASE("protobuf: an empty native histogram has a span that says nothing") {
  HistogramView view;
  view.has_native = true;
  view.zero_threshold = 0.25;
  const auto families = protobuf_of([&](Families& out) {
    out.family({"h_seconds", MetricType::kHistogram, "H."});
    out.histogram("", view);
  });
  const ProtobufMessage histogram = families[0].message(4).message(7);
  REQUIRE(histogram.count(12) == 1);
  CHECK(histogram.message(12).one(1).number == 0);
  CHECK(histogram.message(12).one(2).number == 0);
  CHECK(histogram.count(13) == 0);
}

TEST_CASE("protobuf: a classic histogram has no native fields") {
  const auto families = protobuf_of([&](Families& out) {
    out.family({"h_seconds", MetricType::kHistogram, "H."});
    out.histogram("", HistogramView{});
  });
  const ProtobufMessage histogram = families[0].message(4).message(7);
  for (const std::uint64_t field : std::initializer_list<std::uint64_t>{5, 6, 7, 12, 13})
    CHECK(histogram.count(field) == 0);
}

TEST_CASE("protobuf: histograms and summaries of text files are put together again") {
  const auto families = protobuf_of([&](Families& out) {
    out.family({"h", MetricType::kHistogram, "H."});
    for (const char* d : {"a", "b"}) {
      const std::string device = std::string("d=\"") + d + "\"";
      out.part("_bucket", device + ",le=\"+Inf\"", 3);
      out.part("_bucket", "le=\"0.5\"," + device, 2);
      out.part("_sum", device, 1.25);
      out.part("_count", device, 3);
    }
    out.family({"s", MetricType::kSummary, "S."});
    out.part("", "quantile=\"0.5\"", 7);
    out.part("_sum", "", 9);
    out.part("_count", "", 2);
  });
  REQUIRE(families.size() == 2);
  REQUIRE(families[0].count(4) == 2);
  const ProtobufMessage metric = families[0].message(4, 1);
  CHECK(metric.count(1) == 1);
  CHECK(metric.message(1).one(2).bytes == "b");
  const ProtobufMessage histogram = metric.message(7);
  CHECK(histogram.one(1).number == 3);
  CHECK(histogram.one(2).as_double() == 1.25);
  REQUIRE(histogram.count(3) == 2);
  CHECK(histogram.message(3, 0).one(2).as_double() == 0.5);
  CHECK(histogram.message(3, 0).one(1).number == 2);
  const ProtobufMessage summary = families[1].message(4).message(4);
  CHECK(families[1].one(3).number == 2);
  CHECK(summary.one(1).number == 2);
  CHECK(summary.one(2).as_double() == 9);
  CHECK(summary.message(3).one(1).as_double() == 0.5);
  CHECK(summary.message(3).one(2).as_double() == 7);
}

TEST_CASE("protobuf: the byte limit cuts whole metrics") {
  Page page;
  page.family({"a", MetricType::kGauge, "A."});
  page.sample("n=\"1\"", 1.0);
  page.sample("n=\"2\"", 2.0);
  page.single({"b", MetricType::kGauge, "B."}, 3.0);
  page.finish();
  std::string whole;
  render_protobuf(page, whole);
  for (std::size_t limit = 0; limit <= whole.size() + 5; ++limit) {
    std::string out;
    const RenderResult result = render_protobuf(page, out, {limit, {}});
    INFO(limit);
    CHECK(out.size() <= limit);
    std::size_t metrics = 0;
    for (const ProtobufMessage& family : read_delimited(out)) metrics += family.count(4);
    CHECK(metrics == result.printed);
    CHECK(result.printed + result.cut == 3);
  }
}

}  // namespace
}  // namespace kernstat
