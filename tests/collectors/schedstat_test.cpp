// SPDX-License-Identifier: Apache-2.0
#include "collectors/proc/schedstat.h"

#include "tests/collectors/recorder.h"

namespace kernstat {

TEST_CASE("schedstat reads the three times of each CPU") {
  std::vector<CpuSchedule> cpus;
  REQUIRE(
      parse_schedstat("version 15\ntimestamp 4300000000\n"
                      "cpu0 1 0 3 4 5 6 7000000000 8 9\n"
                      "domain0 3 1 2 3 4 5 6 7 8 9\n"
                      "cpu1 1 0 3 4 5 6 7 8\n"
                      "cpu2 1 0 3 4 5 x 7 8 9\n"
                      "cpu3 1 0 3 4 5 6 7 8 9",
                      cpus));
  REQUIRE(cpus.size() == 1);
  CHECK(cpus[0].running_ns == 7000000000U);
  CHECK(cpus[0].waiting_ns == 8);
  CHECK(cpus[0].timeslices == 9);
  for (const std::string& text : hostile_texts()) CHECK_FALSE(parse_schedstat(text, cpus));
}

TEST_CASE("schedstat exports seconds") {
  FakeHost files;
  files.write("proc/schedstat", "cpu5 0 0 0 0 0 0 1500000000 250000000 12\n");
  Ticker ticker("schedstat", files.host);
  REQUIRE(ticker.tick());
  const Scraped out = ticker.scrape();
  CHECK(out.get("node_schedstat_running_seconds_total{cpu=\"5\"}") == 1.5);
  CHECK(out.get("node_schedstat_waiting_seconds_total{cpu=\"5\"}") == 0.25);
  CHECK(out.get("node_schedstat_timeslices_total{cpu=\"5\"}") == 12);
}

}  // namespace kernstat
