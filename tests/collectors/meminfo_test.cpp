// SPDX-License-Identifier: Apache-2.0
#include "collectors/proc/meminfo.h"

#include "tests/collectors/recorder.h"

namespace kernstat {

TEST_CASE("meminfo names its fields as families do") {
  MemoryInfo info;
  REQUIRE(
      parse_meminfo("MemTotal:       1000 kB\nActive(anon):  2 kB\nHugePages_Total:  7\n", info));
  REQUIRE(info.fields.size() == 3);
  CHECK(info.total == 1024000U);
  CHECK(info.fields[1].key == "Active_anon_bytes");
  CHECK(info.fields[1].value == 2048);
  CHECK(info.fields[2].key == "HugePages_Total");
  CHECK(info.fields[2].value == 7);
}

TEST_CASE("meminfo leaves out what is no field") {
  MemoryInfo info;
  REQUIRE(
      parse_meminfo("MemFree: 1 kB\n"
                    "MemFree: 2 kB\n"
                    "Odd name: 3 kB\n"
                    "Unit: 4 MB\n"
                    "Huge: 18446744073709551615 kB\n"
                    "Negative: -1 kB\n"
                    "Missing:\n"
                    "MemTotal: 12",
                    info));
  REQUIRE(info.fields.size() == 1);
  CHECK(info.fields[0].value == 1024);
  CHECK_FALSE(info.total);
  for (const std::string& text : hostile_texts()) CHECK_FALSE(parse_meminfo(text, info));
  CHECK_FALSE(parse_meminfo(std::string(200, 'a') + ": 1 kB\n", info));
}

TEST_CASE("meminfo exports every field and folds the available share") {
  FakeHost files;
  files.write("proc/meminfo", "MemTotal: 100 kB\nMemAvailable: 25 kB\n");
  Ticker ticker("meminfo", files.host);
  REQUIRE(ticker.tick());
  REQUIRE(ticker.tick());
  const Scraped out = ticker.scrape();
  CHECK(out.get("node_memory_MemTotal_bytes") == 102400);
  CHECK(out.types.at("node_memory_MemTotal_bytes") == MetricType::kGauge);
  CHECK(out.get("kernstat_memory_available_ratio") == 1);
  CHECK(out.sums.at("kernstat_memory_available_ratio") == 0.25);
}

TEST_CASE("meminfo without MemAvailable or memory folds nothing") {
  FakeHost files;
  files.write("proc/meminfo", "MemTotal: 0 kB\nMemAvailable: 0 kB\n");
  Ticker ticker("meminfo", files.host);
  REQUIRE(ticker.tick());
  REQUIRE(ticker.tick());
  CHECK(ticker.scrape().get("kernstat_memory_available_ratio") == 0);
}

}  // namespace kernstat
