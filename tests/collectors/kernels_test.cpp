// SPDX-License-Identifier: Apache-2.0
// The files of several kernels, as they are: what one kernel has and another has not.
#include <algorithm>

#include "tests/collectors/recorder.h"

namespace kernstat {
namespace {

Scraped scrape_of(const std::string& host, std::string_view collector) {
  INFO(host << " " << collector);
  Ticker ticker(collector, host_of_fixture(host));
  const auto first = ticker.tick();
  INFO((first ? std::string() : first.error().message));
  REQUIRE(first);
  REQUIRE(ticker.tick());
  return ticker.scrape();
}

constexpr const char* kHosts[] = {"debian12", "linux-5.10", "linux-6.18"};

}  // namespace

TEST_CASE("what every kernel has is read from every kernel's files") {
  for (const std::string host : kHosts) {
    CHECK(scrape_of(host, "stat").types.size() == 8);
    CHECK(scrape_of(host, "cpu").get("node_cpu_seconds_total{cpu=\"1\",mode=\"idle\"}") > 100);
    CHECK(scrape_of(host, "vmstat").values.size() >= 7);
    CHECK(scrape_of(host, "softnet").get("node_softnet_processed_total{cpu=\"1\"}") > 0);
    CHECK(scrape_of(host, "pressure").get("node_pressure_cpu_waiting_seconds_total") > 1);
    CHECK(scrape_of(host, "interrupts").values.size() >= 8);
    CHECK(scrape_of(host, "softirqs").values.size() >= 8);
    CHECK(scrape_of(host, "buddyinfo").values.size() >= 22);
    CHECK(scrape_of(host, "entropy").values.size() == 2);
    CHECK(scrape_of(host, "filefd").values.size() == 2);
    CHECK(scrape_of(host, "loadavg").values.size() == 3);
    scrape_of(host, "swaps");
    const Scraped memory = scrape_of(host, "meminfo");
    CHECK(memory.sums.at("kernstat_memory_available_ratio") > 0.5);
    // Every line of the file is a family.
    const std::string text = fixture(host + "/proc/meminfo");
    CHECK(memory.values.size() ==
          static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')) + 1);
  }
}

TEST_CASE("the interrupts of one CPU sum up to those of the table") {
  const Scraped out = scrape_of("debian12", "interrupts");
  CHECK(out.values.size() == 32);
  CHECK(out.get("node_interrupts_total{cpu=\"0\",type=\"126\",info=\"IR-PCI-MSI\","
                "devices=\"1572864-edge nvme0q0, nvme0q1\"}") == 1203311);
}

TEST_CASE("the host's pressure has no full stall of the CPU, and irq where the kernel counts it") {
  const Scraped with = scrape_of("debian12", "pressure");
  CHECK(with.get("node_pressure_irq_stalled_seconds_total") == Approx(2.345678));
  CHECK_FALSE(scrape_of("linux-5.10", "pressure").get("node_pressure_irq_stalled_seconds_total"));
}

TEST_CASE("zones hold the node's counters in the first one") {
  const Scraped out = scrape_of("debian12", "zoneinfo");
  CHECK(out.get("node_zoneinfo_nr_dirtied_total{node=\"0\",zone=\"DMA\"}") == 91234567);
  CHECK_FALSE(out.get("node_zoneinfo_nr_dirtied_total{node=\"0\",zone=\"Normal\"}"));
  CHECK(out.get("node_zoneinfo_high_pages{node=\"0\",zone=\"Normal\"}") == 18601);
  CHECK(out.get("node_zoneinfo_protection_2{node=\"0\",zone=\"DMA\"}") == 15921);
  CHECK(scrape_of("linux-6.18", "zoneinfo").values.size() > 60);
}

TEST_CASE("sensors of the fixture have the names that dashboards use") {
  const Scraped out = scrape_of("debian12", "hwmon");
  CHECK(out.get("node_hwmon_temp_celsius{chip=\"platform_coretemp_0\",sensor=\"temp1\"}") == 48);
  CHECK(out.get("node_hwmon_fan_rpm{chip=\"platform_nct6775_656\",sensor=\"fan1\"}") == 1098);
  CHECK(out.get("node_hwmon_intrusion_alarm{chip=\"platform_nct6775_656\","
                "sensor=\"intrusion0\"}") == 1);
  CHECK(out.get("node_hwmon_in_volts{chip=\"platform_nct6775_656\",sensor=\"in0\"}") ==
        Approx(0.792));
}

}  // namespace kernstat
