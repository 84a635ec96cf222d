// SPDX-License-Identifier: Apache-2.0
#include "collectors/proc/swaps.h"

#include "tests/collectors/recorder.h"

namespace kernstat {

TEST_CASE("swaps reads devices and files") {
  std::vector<Swap> swaps;
  REQUIRE(
      parse_swaps("Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n"
                  "/dev/zram0                              partition\t1024\t12\t-2\n"
                  "/swap\\040file\\134x                    file\t\t2048\t0\t100\n"
                  "/dev/zram0                              partition\t1\t1\t-2\n"
                  "/dev/sda1 partition 1 2\n"
                  "/dev/sda2 partition 18446744073709551615 0 1\n"
                  "/dev/sda3 partition 1 0 1",
                  swaps));
  REQUIRE(swaps.size() == 2);
  CHECK(swaps[0].size_bytes == 1048576);
  CHECK(swaps[0].priority == -2);
  CHECK(swaps[1].device == "/swap file\\x");
  REQUIRE(parse_swaps("Filename Type Size Used Priority\n", swaps));
  CHECK(swaps.empty());
  for (const std::string& text : hostile_texts()) CHECK_FALSE(parse_swaps(text, swaps));
}

TEST_CASE("octal escapes of paths are undone, others stay") {
  CHECK(unescape_path("a\\011b\\012c\\134") == "a\tb\nc\\");
  CHECK(unescape_path("\\999\\x\\04") == "\\999\\x\\04");
  CHECK(unescape_path("\\777") == "\\777");
}

TEST_CASE("swaps are exported by device and type") {
  FakeHost files;
  files.write("proc/swaps", "Filename Type Size Used Priority\n/dev/zram0 partition 8 4 -2\n");
  Ticker ticker("swaps", files.host);
  REQUIRE(ticker.tick());
  const Scraped out = ticker.scrape();
  CHECK(out.get("node_swap_size_bytes{device=\"/dev/zram0\",swap_type=\"partition\"}") == 8192);
  CHECK(out.get("node_swap_used_bytes{device=\"/dev/zram0\",swap_type=\"partition\"}") == 4096);
  CHECK(out.get("node_swap_priority{device=\"/dev/zram0\",swap_type=\"partition\"}") == -2);
}

}  // namespace kernstat
