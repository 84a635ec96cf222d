// SPDX-License-Identifier: Apache-2.0
#include "collectors/proc/interrupts.h"

#include "tests/collectors/recorder.h"

namespace kernstat {
namespace {

constexpr const char* kText =
    "           CPU0       CPU1       \n"
    " 28:          0          7 PCI-MSIX-0000:00:01.0   0-edge      virtio0-config\n"
    "NMI:          0          3   Non-maskable   interrupts\n"
    "ERR:          0\n";

}  // namespace

TEST_CASE("an interrupt has a controller and devices, or a description") {
  CHECK(split_interrupt("28", "IO-APIC  5-edge  eth0").info == "IO-APIC");
  CHECK(split_interrupt("28", "IO-APIC  5-edge  eth0").devices == "5-edge  eth0");
  CHECK(split_interrupt("LOC", "Local timer").info == "Local timer");
  CHECK(split_interrupt("LOC", "Local timer").devices.empty());
  CHECK(split_interrupt("28", "").info.empty());
}

TEST_CASE("interrupts are exported by CPU and source") {
  FakeHost files;
  files.write("proc/interrupts", kText);
  Ticker ticker("interrupts", files.host);
  REQUIRE(ticker.tick());
  const Scraped out = ticker.scrape();
  CHECK(out.values.size() == 4);
  CHECK(out.get("node_interrupts_total{cpu=\"1\",type=\"28\",info=\"PCI-MSIX-0000:00:01.0\","
                "devices=\"0-edge virtio0-config\"}") == 7);
  CHECK(out.get("node_interrupts_total{cpu=\"0\",type=\"NMI\",info=\"Non-maskable interrupts\","
                "devices=\"\"}") == 0);
}

TEST_CASE("interrupts can be chosen by name and zeros left out") {
  FakeHost files;
  files.write("proc/interrupts", kText);
  Ticker ticker("interrupts", files.host, {{"name_exclude", "virtio"}, {"include_zeros", "false"}});
  REQUIRE(ticker.tick());
  CHECK(ticker.scrape().values.size() == 1);
}

TEST_CASE("an interrupt that gets another device gets another label") {
  FakeHost files;
  files.write("proc/interrupts", "CPU0\n5: 1 A x\n");
  Ticker ticker("interrupts", files.host);
  REQUIRE(ticker.tick());
  ticker.scrape();
  files.write("proc/interrupts", "CPU0\n5: 2 A y\n");
  REQUIRE(ticker.tick());
  CHECK(ticker.scrape().get(
            "node_interrupts_total{cpu=\"0\",type=\"5\",info=\"A\",devices=\"y\"}") == 2);
}

TEST_CASE("softirqs are exported by CPU and vector") {
  FakeHost files;
  files.write("proc/softirqs",
              "                    CPU0       CPU1       \n"
              "          HI:          0          0\n"
              "       TIMER:      22150      15435\n");
  Ticker ticker("softirqs", files.host);
  REQUIRE(ticker.tick());
  const Scraped out = ticker.scrape();
  CHECK(out.values.size() == 4);
  CHECK(out.get("node_softirqs_functions_total{cpu=\"1\",type=\"TIMER\"}") == 15435);
}

}  // namespace kernstat
