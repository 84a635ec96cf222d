// SPDX-License-Identifier: Apache-2.0
#include "collectors/proc/vmstat.h"

#include "tests/collectors/recorder.h"

namespace kernstat {

TEST_CASE("vmstat reads keys and numbers") {
  KeyedValues values;
  REQUIRE(parse_vmstat("pgfault 12\nnr_free_pages 18446744073709551615\n", values));
  REQUIRE(values.size() == 2);
  CHECK(values[0].key == "pgfault");
  CHECK(values[0].value == 12);
  CHECK(values[1].value == 18446744073709551615U);
}

TEST_CASE("vmstat leaves out what is no line of its own") {
  KeyedValues values;
  REQUIRE(parse_vmstat(
      "pgfault 12\npgfault 13\nodd-key 1\nneg -1\nbig 18446744073709551616\npgpgin 5", values));
  CHECK(values.size() == 1);
  for (const std::string& text : hostile_texts()) {
    if (text.starts_with("1844")) continue;  // key and number after their kind
    CHECK_FALSE(parse_vmstat(text, values));
  }
}

TEST_CASE("vmstat exports the fields that its option names, as unknown") {
  FakeHost files;
  files.write("proc/vmstat",
              "nr_free_pages 3\npgpgin 1\npgmajfault 2\noom_kill 0\npgscan_kswapd 9\n");
  Ticker ticker("vmstat", files.host);
  REQUIRE(ticker.tick());
  Scraped out = ticker.scrape();
  CHECK(out.values.size() == 3);
  CHECK(out.get("node_vmstat_pgmajfault") == 2);
  CHECK(out.types.at("node_vmstat_oom_kill") == MetricType::kUnknown);

  // Keys move up when a kernel module or another kernel adds one: names follow.
  files.write("proc/vmstat", "pgpgout 7\npgpgin 1\n");
  REQUIRE(ticker.tick());
  out = ticker.scrape();
  CHECK(out.values.size() == 2);
  CHECK(out.get("node_vmstat_pgpgout") == 7);

  Ticker all("vmstat", files.host, {{"fields", ""}});
  REQUIRE(all.tick());
  CHECK(all.scrape().values.size() == 2);
}

}  // namespace kernstat
