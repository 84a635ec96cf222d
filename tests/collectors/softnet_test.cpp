// SPDX-License-Identifier: Apache-2.0
#include "collectors/proc/softnet.h"

#include "tests/collectors/recorder.h"

namespace kernstat {
namespace {

// A line with these columns; the ones between are obsolete.
std::string line(const char* processed, const char* backlog, const char* cpu) {
  return std::string(processed) +
         " 00000002 00000003 00000000 00000000 00000000 00000000 00000000 00000008 00000009 "
         "0000000a " +
         backlog + " " + cpu + " 00000000 00000000\n";
}

}  // namespace

TEST_CASE("softnet reads hexadecimal columns and the CPU's number") {
  std::vector<CpuSoftnet> cpus;
  REQUIRE(parse_softnet(
      line("ffffffff", "0000000b", "00000000") + line("0000075a", "00000000", "00000003") +
          "00000001 00000002 00000003\n" + line("100000000", "0", "4") +
          line("00000001", "00000000", "0000ffff") + "00000001 00000000 00000000 00000000 00000000",
      cpus));
  REQUIRE(cpus.size() == 2);
  CHECK(cpus[0].values ==
        std::array<std::uint64_t, CpuSoftnet::kFields>{0xffffffff, 2, 3, 8, 9, 10, 11});
  CHECK(cpus[1].cpu == 3);
  for (const std::string& text : hostile_texts()) CHECK_FALSE(parse_softnet(text, cpus));
}

TEST_CASE("softnet counters go on when the kernel's wrap") {
  FakeHost files;
  files.write("proc/net/softnet_stat", line("fffffffe", "00000005", "00000001"));
  Ticker ticker("softnet", files.host);
  REQUIRE(ticker.tick());
  files.write("proc/net/softnet_stat", line("00000003", "00000002", "00000001"));
  REQUIRE(ticker.tick());
  const Scraped out = ticker.scrape();
  CHECK(out.get("node_softnet_processed_total{cpu=\"1\"}") == 4294967299.0);
  CHECK(out.get("node_softnet_backlog_len{cpu=\"1\"}") == 2);
  CHECK(out.types.at("node_softnet_backlog_len") == MetricType::kGauge);
}

}  // namespace kernstat
