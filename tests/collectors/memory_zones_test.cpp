// SPDX-License-Identifier: Apache-2.0
#include "collectors/proc/buddyinfo.h"
#include "collectors/proc/zoneinfo.h"
#include "tests/collectors/recorder.h"

namespace kernstat {

TEST_CASE("buddyinfo reads the blocks of each zone") {
  BuddyInfo info;
  REQUIRE(
      parse_buddyinfo("Node 0, zone      DMA      0      1 \n"
                      "Node 1, zone   Normal    131    877    751\n"
                      "Node 1, zone   Normal    1 1 1\n"
                      "Node x, zone   Normal    1\n"
                      "Node 2, zone   Normal    1 y\n"
                      "Node 3, zone   Normal    1 2",
                      info));
  REQUIRE(info.used == 2);
  CHECK(info.zones[1].node == 1);
  CHECK(info.zones[1].zone == "Normal");
  CHECK(info.zones[1].blocks == std::vector<std::uint64_t>{131, 877, 751});
  for (const std::string& text : hostile_texts()) CHECK_FALSE(parse_buddyinfo(text, info));
}

TEST_CASE("buddyinfo exports the blocks by size") {
  FakeHost files;
  files.write("proc/buddyinfo", "Node 0, zone Normal 131 877\n");
  Ticker ticker("buddyinfo", files.host);
  REQUIRE(ticker.tick());
  CHECK(ticker.scrape().get("node_buddyinfo_blocks{node=\"0\",size=\"1\",zone=\"Normal\"}") == 877);
}

TEST_CASE("zoneinfo reads the known fields of each zone") {
  ZoneInfo info;
  REQUIRE(
      parse_zoneinfo("Node 0, zone      DMA\n"
                     "  per-node stats\n"
                     "      nr_dirtied   300819\n"
                     "      nr_dirty     -1\n"
                     "  pages free     3840\n"
                     "        min      57\n"
                     "        high     85\n"
                     "        protection: (0, 3019, 4427)\n"
                     "      nr_free_pages 3840\n"
                     "              high:  12\n"
                     "Node 0, zone   Normal\n"
                     "        min      99999999999999999999\n"
                     "        protection: (0, x)\n"
                     "        low      7",
                     info));
  REQUIRE(info.used == 2);
  const auto field = [&info](std::size_t zone, std::string_view key) {
    for (std::size_t i = 0; i < kZoneFields; ++i) {
      if (kZoneFieldList[i].key == key) return info.zones[zone].fields[i];
    }
    FAIL("no such field");
    return std::optional<std::uint64_t>();
  };
  CHECK(field(0, "nr_dirtied") == 300819U);
  CHECK_FALSE(field(0, "nr_dirty"));
  CHECK(field(0, "high") == 85U);
  CHECK(field(0, "nr_free_pages") == 3840U);
  CHECK(info.zones[0].protections == 3);
  CHECK(info.zones[0].protection[1] == 3019);
  CHECK_FALSE(field(1, "min"));
  CHECK_FALSE(field(1, "low"));
  CHECK(info.zones[1].protections == 0);
  for (const std::string& text : hostile_texts()) CHECK_FALSE(parse_zoneinfo(text, info));
}

TEST_CASE("zoneinfo exports what each zone has") {
  FakeHost files;
  files.write("proc/zoneinfo",
              "Node 0, zone DMA\n nr_dirtied 5\n min 1\n protection: (0, 9)\n"
              "Node 0, zone Normal\n min 2\n");
  Ticker ticker("zoneinfo", files.host);
  REQUIRE(ticker.tick());
  const Scraped out = ticker.scrape();
  CHECK(out.values.size() == 5);
  CHECK(out.get("node_zoneinfo_nr_dirtied_total{node=\"0\",zone=\"DMA\"}") == 5);
  CHECK(out.types.at("node_zoneinfo_nr_dirtied_total") == MetricType::kCounter);
  CHECK(out.get("node_zoneinfo_min_pages{node=\"0\",zone=\"Normal\"}") == 2);
  CHECK(out.get("node_zoneinfo_protection_1{node=\"0\",zone=\"DMA\"}") == 9);
}

}  // namespace kernstat
