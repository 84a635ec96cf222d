// SPDX-License-Identifier: Apache-2.0
#include "daemon/render_openmetrics.h"

#include <array>
#include <catch2/catch.hpp>

#include "daemon/page.h"

namespace kernstat {
namespace {

template <typename Write>
std::string open_metrics(const Write& write) {
  Page page;
  write(page);
  page.finish();
  std::string text;
  render_openmetrics(page, text);
  return text;
}

TEST_CASE("OpenMetrics: families have no suffix, samples have") {
  CHECK(open_metrics([](Families& out) {
          out.single({"a_seconds_total", MetricType::kCounter, "A \"quoted\"."}, 1.5);
          out.family({"b_info", MetricType::kInfo, "B."});
          out.sample("v=\"1\"", std::uint64_t{1});
          out.single({"c_bytes", MetricType::kGauge, "C."}, std::uint64_t{3});
          out.single({"d", MetricType::kUnknown, "D."}, std::uint64_t{4});
        }) ==
        "# TYPE a_seconds counter\n"
        "# UNIT a_seconds seconds\n"
        "# HELP a_seconds A \\\"quoted\\\".\n"
        "a_seconds_total 1.5\n"
        "# TYPE b info\n"
        "# HELP b B.\n"
        "b_info{v=\"1\"} 1\n"
        "# TYPE c_bytes gauge\n"
        "# UNIT c_bytes bytes\n"
        "# HELP c_bytes C.\n"
        "c_bytes 3\n"
        "# TYPE d unknown\n"
        "# HELP d D.\n"
        "d 4\n"
        "# EOF\n");
}

TEST_CASE("OpenMetrics: a name keeps its series where the type forbids it") {
  CHECK(open_metrics([](Families& out) {
          out.single({"a", MetricType::kCounter, "A."}, std::uint64_t{1});
          out.single({"b", MetricType::kInfo, "B."}, std::uint64_t{1});
        }) ==
        "# TYPE a unknown\n# HELP a A.\na 1\n"
        "# TYPE b gauge\n# HELP b B.\nb 1\n"
        "# EOF\n");
}

TEST_CASE("OpenMetrics: no two families of one name") {
  CHECK(open_metrics([](Families& out) {
          out.single({"a", MetricType::kGauge, "A."}, std::uint64_t{1});
          out.single({"a_total", MetricType::kCounter, "A total."}, std::uint64_t{2});
          out.single({"b_total", MetricType::kCounter, "B."}, std::uint64_t{3});
          out.single({"b_info", MetricType::kInfo, "B info."}, std::uint64_t{1});
        }) ==
        "# TYPE a gauge\n# HELP a A.\na 1\n"
        "# TYPE a_total unknown\n# HELP a_total A total.\na_total 2\n"
        "# TYPE b_info gauge\n# HELP b_info B info.\nb_info 1\n"
        "# TYPE b counter\n# HELP b B.\nb_total 3\n"
        "# EOF\n");
}

TEST_CASE("OpenMetrics: cut at the byte limit it still ends as it must") {
  Page page;
  page.single({"a", MetricType::kGauge, "A."}, 1.0);
  page.single({"b", MetricType::kGauge, "B."}, 2.0);
  page.finish();
  std::string whole;
  render_openmetrics(page, whole);
  for (std::size_t limit = 6; limit <= whole.size(); ++limit) {
    std::string out;
    const RenderResult result = render_openmetrics(page, out, {limit, {}});
    INFO(limit);
    CHECK(out.size() <= limit);
    CHECK(out.ends_with("# EOF\n"));
    CHECK(result.printed + result.cut == 2);
    CHECK(whole.starts_with(out.substr(0, out.size() - 6)));
  }
}

}  // namespace
}  // namespace kernstat
