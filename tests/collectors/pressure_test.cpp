// SPDX-License-Identifier: Apache-2.0
#include "collectors/proc/pressure.h"

#include "tests/collectors/recorder.h"

namespace kernstat {

TEST_CASE("pressure reads the totals") {
  Stall stall;
  REQUIRE(
      parse_pressure("some avg10=0.13 avg60=0.06 avg300=0.19 total=11464136\n"
                     "full avg10=0.00 avg60=0.00 avg300=0.00 total=42\n",
                     stall));
  CHECK(stall.some == 11464136U);
  CHECK(stall.full == 42U);
  REQUIRE(parse_pressure("full avg10=0.00 total=1\n", stall));
  CHECK_FALSE(stall.some);
}

TEST_CASE("pressure refuses what is cut or no number") {
  Stall stall;
  CHECK_FALSE(parse_pressure("some avg10=0.13 total=114641", stall));
  CHECK_FALSE(parse_pressure("some avg10=0.13 total=\n", stall));
  CHECK_FALSE(parse_pressure("some avg10=0.13 total=99999999999999999999\n", stall));
  for (const std::string& text : hostile_texts()) CHECK_FALSE(parse_pressure(text, stall));
}

TEST_CASE("pressure exports seconds and folds the stalled share of each tick") {
  FakeHost files;
  files.write("proc/pressure/cpu", "some total=1000000\nfull total=0\n");
  files.write("proc/pressure/io", "some total=0\nfull total=0\n");
  Ticker ticker("pressure", files.host);
  REQUIRE(ticker.tick());
  files.write("proc/pressure/cpu", "some total=1250000\nfull total=0\n");
  files.write("proc/pressure/io", "some total=900000\nfull total=300000\n");
  REQUIRE(ticker.tick(2));
  const Scraped out = ticker.scrape();
  CHECK(out.get("node_pressure_cpu_waiting_seconds_total") == 1.25);
  CHECK(out.get("node_pressure_io_stalled_seconds_total") == 0.3);
  CHECK_FALSE(out.types.count("node_pressure_memory_waiting_seconds_total"));
  CHECK(out.sums.at("kernstat_pressure_stall_ratio{resource=\"cpu\",kind=\"some\"}") == 0.125);
  CHECK(out.sums.at("kernstat_pressure_stall_ratio{resource=\"io\",kind=\"full\"}") == 0.15);
  CHECK_FALSE(out.get("kernstat_pressure_stall_ratio{resource=\"cpu\",kind=\"full\"}"));
}

TEST_CASE("a kernel without pressure information is unsupported") {
  FakeHost files;
  Ticker ticker("pressure", files.host);
  for (int i = 0; i < 2; ++i) {
    const auto result = ticker.tick();
    REQUIRE_FALSE(result);
    CHECK(result.error().kind == ErrorKind::kAbsent);
  }
  CHECK(ticker.scrape().values.empty());
}

}  // namespace kernstat
