// SPDX-License-Identifier: Apache-2.0
#include "collectors/bpf/tool_spec.h"

#include <catch2/catch.hpp>
#include <string>

#include "collectors/bpf/metric_names.h"

using namespace kernstat;
using namespace kernstat::bpf;

namespace {

std::string problems_of(const std::string& text) {
  Problems problems;
  const auto spec = parse_tool_spec(text, "x.yaml", problems);
  CHECK(spec.has_value() == problems.empty());
  return problems.text();
}

const std::string kGood =
    "help: Things that happen, by kind.\n"
    "metrics:\n"
    "  - name: kernstat_x_total\n"
    "    help: Things that happened.\n"
    "    map: things\n";

}  // namespace

TEST_CASE("a small tool is enough") {
  Problems problems;
  const auto spec = parse_tool_spec(kGood, "/somewhere/x.yaml", problems);
  CHECK(problems.text() == "");
  REQUIRE(spec);
  CHECK(spec->name == "x");
  CHECK_FALSE(spec->enabled);
  CHECK(spec->interval == std::chrono::seconds(2));
  CHECK(spec->metrics[0].map == "things");
}

TEST_CASE("everything awkward is read") {
  Problems problems;
  const auto spec = parse_tool_spec(
      "help: Things that happen, by kind.\n"
      "enabled: on\n"
      "interval: 500ms\n"
      "budget: 0.02\n"
      "needs: [CAP_NET_ADMIN]\n"
      "params: {min_us: 10, fast: true}\n"
      "hooks:\n"
      "  - name: begin\n"
      "    required: false\n"
      "    when: wanted\n"
      "    serves: [kernstat_x_seconds]\n"
      "    alternatives:\n"
      "      - on_a\n"
      "      - [on_b, on_c]\n"
      "      - {programs: [on_d], requires: ['tracepoint x(y, _)', '!type z'], params: {old: 1}}\n"
      "programs:\n"
      "  on_u: {library: libc.so.6, symbol: getaddrinfo}\n"
      "  on_p: {perf_event: cpu_clock, frequency: 49}\n"
      "maps:\n"
      "  things: {max_series: 7, idle: 1h, zero: true}\n"
      "  stamps: {sweep: 2m}\n"
      "metrics:\n"
      "  - {name: kernstat_x_seconds, help: How long it took., type: histogram, map: things,\n"
      "     member: total, set: {stage: all}, labels: {dev: device}, by: [device]}\n"
      "  - {name: kernstat_x_seconds, map: things, member: part, set: {stage: part}}\n"
      "  - {name: kernstat_y_bytes, help: How much there is., type: gauge, records: r, unit: "
      "pages}\n",
      "x.yaml", problems);
  CHECK(problems.text() == "");
  REQUIRE(spec);
  CHECK(spec->budget == 0.02);
  CHECK(spec->parameters == Parameters{{"min_us", 10}, {"fast", 1}});
  REQUIRE(spec->hooks.size() == 1);
  CHECK(spec->hooks[0].when == "wanted");
  REQUIRE(spec->hooks[0].alternatives.size() == 3);
  CHECK(spec->hooks[0].alternatives[1].programs.size() == 2);
  CHECK(spec->hooks[0].alternatives[2].parameters == Parameters{{"old", 1}});
  CHECK(spec->program("on_u")->symbol == "getaddrinfo");
  CHECK(spec->map("things")->zero == true);
  CHECK(spec->map("stamps")->sweep == std::chrono::minutes(2));
  CHECK(spec->metrics[1].help == "How long it took.");
  CHECK(spec->metrics[0].by == std::vector<std::string>{"device"});
}

TEST_CASE("mistakes are named with line and column") {
  CHECK(problems_of(kGood + "intervall: 2s\n").find("x.yaml:6:1: unknown key 'intervall'") == 0);
  CHECK(problems_of("").find("x.yaml") == 0);
  CHECK(problems_of("help: [1, 2]\n").find("x.yaml:1:") == 0);
  CHECK(problems_of(kGood + "    member: [a]\n").find("x.yaml:6:") == 0);
  CHECK(problems_of(kGood + "    unit: hours\n").find("x.yaml:6:11: ") == 0);
  CHECK(problems_of(kGood + "    records: r\n").find("either a map or records") !=
        std::string::npos);
  CHECK(
      problems_of(kGood + "hooks: [{name: a, alternatives: [{programs: [p], requires: [what]}]}]\n")
          .find("'what' is no condition") != std::string::npos);
  CHECK(problems_of(kGood + "hooks: [{name: a}]\n").find("a hook has alternatives") !=
        std::string::npos);
  CHECK(problems_of(kGood + "params: {a: much}\n").find("x.yaml:6:13: ") == 0);
  CHECK(problems_of(kGood + "programs: {p: {library: libc.so.6}}\n").find("belong together") !=
        std::string::npos);
  CHECK(problems_of(kGood + "  - {name: 9x, help: A wrong name., map: m}\n")
            .find("'9x' is no metric name") != std::string::npos);
  CHECK(problems_of(kGood + "    set: {le: 1}\n").find("'le' is no label name") !=
        std::string::npos);
}

TEST_CASE("all mistakes are told at once") {
  Problems problems;
  parse_tool_spec("help: no stop\nenabled: maybe\nmetrics: [{name: 1}]\n", "x.yaml", problems);
  CHECK(problems.size() >= 4);
}

TEST_CASE("names carry their unit and type") {
  CHECK(check_name("kernstat_x_seconds_total", MetricType::kCounter, "seconds"));
  CHECK(check_name("kernstat_x_bytes", MetricType::kHistogram, "bytes"));
  CHECK_FALSE(check_name("kernstat_x_seconds", MetricType::kCounter, "seconds"));
  CHECK_FALSE(check_name("kernstat_x_total", MetricType::kGauge, ""));
  CHECK_FALSE(check_name("kernstat_x", MetricType::kHistogram, "seconds"));
  CHECK_FALSE(check_name("kernstat_x_milliseconds_total", MetricType::kCounter, ""));
  CHECK_FALSE(check_name("kernstat_x_bytes_total", MetricType::kCounter, ""));
}
