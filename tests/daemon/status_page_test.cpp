// SPDX-License-Identifier: Apache-2.0
#include "daemon/status_page.h"

#include <catch2/catch.hpp>

namespace kernstat {
namespace {

using namespace std::chrono_literals;

TEST_CASE("page: durations as people say them") {
  CHECK(duration_text(0) == "0 µs");
  CHECK(duration_text(12.4e-6) == "12 µs");
  CHECK(duration_text(0.0025) == "2.5 ms");
  CHECK(duration_text(0.25) == "250 ms");
  CHECK(duration_text(1) == "1 s");
  CHECK(duration_text(60) == "1 min");
  CHECK(duration_text(75) == "1 min 15 s");
  CHECK(duration_text(3 * 3600 + 120) == "3 h 2 min");
  CHECK(duration_text(3 * 86'400 + 4 * 3600) == "3 d 4 h");
  CHECK(duration_text(-1) == "–");
}

TEST_CASE("page: all that is known of a collector, and nothing that runs") {
  CollectorStatus ok;
  ok.name = "cpu";
  ok.help = "CPU time.";
  ok.state = CollectorState::kOk;
  ok.interval = 500ms;
  ok.effective_interval = 1000ms;
  ok.last_duration = 35us;
  ok.last_success_seconds = 1;
  ok.sample_age_seconds = 0.25;
  ok.ticks = 3;
  ok.series = 42;
  CollectorStatus bad;
  bad.name = "tool<script>";
  bad.lane = Lane::kBpf;
  bad.state = CollectorState::kFailed;
  bad.error = "can't open \"x\" & <b>y</b>";
  const std::string page =
      status_page({ok, bad}, "/metrics", {"my<host>", "Linux 6.1", "1.2.3", 75, 1.8e9});
  for (const char* expected :
       {"my&lt;host&gt;", "1.2.3", "up 1 min 15 s", "Linux 6.1", "2027-01-15 08:00:00 UTC",
        "<td class=\"name\">cpu</td>", "data-of=\"every\">1 s (set: 500 ms)", "35 µs", "250 ms",
        ">42<", "CPU time.", "BPF tools", "tool&lt;script&gt;",
        "can&#39;t open &quot;x&quot; &amp; &lt;b&gt;y&lt;/b&gt;", "href=\"/metrics\""}) {
    INFO(expected);
    CHECK(page.find(expected) != std::string::npos);
  }
  for (const char* forbidden : {"<script", "http://", "https://", "<b>y"}) {
    CHECK(page.find(forbidden) == std::string::npos);
  }
}

}  // namespace
}  // namespace kernstat
