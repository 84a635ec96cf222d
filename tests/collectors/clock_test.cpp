// SPDX-License-Identifier: Apache-2.0
// The collectors time and timex.
#include <sys/timex.h>

#include <chrono>

#include "collectors/proc/timex.h"
#include "tests/collectors/recorder.h"

namespace kernstat {

TEST_CASE("time is that of the scrape, not of the tick") {
  FakeHost files;
  files.write("sys/devices/system/clocksource/clocksource0/available_clocksource",
              "kvm-clock tsc \n");
  files.write("sys/devices/system/clocksource/clocksource0/current_clocksource", "kvm-clock\n");
  Ticker ticker("time", files.host);
  REQUIRE(ticker.tick());
  const double first = ticker.scrape().get("node_time_seconds").value_or(0);
  const Scraped out = ticker.scrape();
  const double now =
      std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
  CHECK(out.get("node_time_seconds") > first);
  CHECK(std::abs(out.get("node_time_seconds").value_or(0) - now) < 5);
  CHECK(out.get("node_time_clocksource_available_info{clocksource=\"tsc\",device=\"0\"}") == 1);
  CHECK(out.get("node_time_clocksource_current_info{clocksource=\"kvm-clock\",device=\"0\"}") == 1);
  CHECK(out.types.count("node_time_zone_offset_seconds") == 1);
}

TEST_CASE("time without clock sources is still time") {
  FakeHost files;
  Ticker ticker("time", files.host);
  REQUIRE(ticker.tick());
  CHECK(ticker.scrape().values.size() == 2);
}

TEST_CASE("timex has the units of adjtimex(2)") {
  ::timex clock{};
  clock.offset = -1500000;
  clock.freq = 65536 * 100;  // 100 ppm
  clock.maxerror = 2000;
  clock.status = STA_NANO | STA_PLL;
  clock.jitter = 2000;
  clock.tick = 10000;
  clock.tai = 37;
  Recorder nano;
  write_timex(TIME_OK, clock, nano);
  const Scraped& out = nano.scraped;
  CHECK(out.get("node_timex_offset_seconds") == -0.0015);
  CHECK(out.get("node_timex_frequency_adjustment_ratio") == Approx(1.0001));
  CHECK(out.get("node_timex_maxerror_seconds") == 0.002);
  CHECK(out.get("node_timex_pps_jitter_seconds") == 2e-6);
  CHECK(out.get("node_timex_tick_seconds") == 0.01);
  CHECK(out.get("node_timex_tai_offset_seconds") == 37);
  CHECK(out.get("node_timex_sync_status") == 1);
  CHECK(out.values.size() == 17);

  clock.status = STA_UNSYNC;
  Recorder micro;
  write_timex(TIME_ERROR, clock, micro);
  CHECK(micro.scraped.get("node_timex_offset_seconds") == -1.5);
  CHECK(micro.scraped.get("node_timex_sync_status") == 0);
  CHECK(micro.scraped.types.at("node_timex_pps_error_total") == MetricType::kCounter);
}

}  // namespace kernstat
