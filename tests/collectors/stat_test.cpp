// SPDX-License-Identifier: Apache-2.0
#include "collectors/proc/stat.h"

#include "tests/collectors/recorder.h"

namespace kernstat {
namespace {

constexpr const char* kText =
    "cpu  10 0 0 0 0 0 0 0 0 0\n"
    "intr 458806 1 2 3\n"
    "ctxt 860748\n"
    "btime 1795937427\n"
    "processes 9978\n"
    "procs_running 3\n"
    "procs_blocked 1\n"
    "softirq 100 1 2 3 4 5 6 7 8 9 10\n";

}  // namespace

TEST_CASE("stat reads the host-wide lines") {
  KernelStat stat;
  REQUIRE(parse_stat(kText, stat));
  CHECK(stat.interrupts == 458806U);
  CHECK(stat.context_switches == 860748U);
  CHECK(stat.boot_time == 1795937427U);
  CHECK(stat.forks == 9978U);
  CHECK(stat.running == 3U);
  CHECK(stat.blocked == 1U);
  CHECK(stat.softirqs[9] == 10U);
}

TEST_CASE("stat does not trust what is cut or no number") {
  KernelStat stat;
  REQUIRE(parse_stat("ctxt 12\nprocesses 99", stat));
  CHECK(stat.context_switches == 12U);
  CHECK_FALSE(stat.forks);
  REQUIRE(parse_stat("ctxt 12\nprocesses x\nsoftirq 1 2 99999999999999999999\n", stat));
  CHECK_FALSE(stat.forks);
  CHECK(stat.softirqs[0] == 2U);
  CHECK_FALSE(stat.softirqs[1]);
  for (const std::string& text : hostile_texts()) CHECK_FALSE(parse_stat(text, stat));
}

TEST_CASE("stat exports its samples and folds the tasks of every tick") {
  FakeHost files;
  files.write("proc/stat", kText);
  Ticker ticker("stat", files.host, {{"softirq", "true"}});
  REQUIRE(ticker.tick());
  REQUIRE(ticker.tick());
  files.write("proc/stat", "ctxt 860750\nprocs_running 7\nprocs_blocked 0\n");
  REQUIRE(ticker.tick());
  const Scraped out = ticker.scrape();
  CHECK(out.get("node_context_switches_total") == 860750);
  CHECK(out.types.at("node_context_switches_total") == MetricType::kCounter);
  CHECK_FALSE(out.get("node_forks_total"));
  CHECK(out.get("kernstat_tasks_running") == 2);
  CHECK(out.sums.at("kernstat_tasks_running") == 10);
  CHECK(out.sums.at("kernstat_tasks_blocked") == 1);
}

TEST_CASE("stat loses its samples with its file and keeps its folds") {
  FakeHost files;
  Ticker ticker("stat", files.host);
  const auto result = ticker.tick();
  REQUIRE_FALSE(result);
  CHECK(result.error().kind == ErrorKind::kAbsent);
  files.write("proc/stat", kText);
  REQUIRE(ticker.tick());
  REQUIRE(ticker.tick());
  files.write("proc/stat", "");
  REQUIRE_FALSE(ticker.tick());
  const Scraped out = ticker.scrape();
  CHECK_FALSE(out.get("node_procs_running"));
  CHECK(out.get("kernstat_tasks_running") == 1);
}

TEST_CASE("softirqs of stat are an option") {
  FakeHost files;
  files.write("proc/stat", kText);
  Ticker with("stat", files.host, {{"softirq", "true"}});
  Ticker without("stat", files.host);
  REQUIRE(with.tick());
  REQUIRE(without.tick());
  CHECK(with.scrape().get("node_softirqs_total{vector=\"net_rx\"}") == 4);
  CHECK_FALSE(without.scrape().types.count("node_softirqs_total"));
}

}  // namespace kernstat
