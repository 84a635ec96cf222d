// SPDX-License-Identifier: Apache-2.0
#include "collectors/proc/process_scan.h"
#include "tests/collectors/recorder.h"

namespace kernstat {
namespace {

std::string stat_line(const std::string& name, char state, int threads) {
  std::string text = "1 (" + name + ") " + state;
  for (int i = 0; i < 16; ++i) text += " 5";
  return text + " " + std::to_string(threads) + " 0 100\n";
}

void add_limits(const FakeHost& files) {
  files.write("proc/sys/kernel/pid_max", "4194304\n");
  files.write("proc/sys/kernel/threads-max", "63000\n");
}

}  // namespace

TEST_CASE("a process's name cannot forge its state") {
  const auto stat = parse_task_stat(stat_line("a) R 1 (b", 'S', 3));
  REQUIRE(stat);
  CHECK(stat->state == 'S');
  CHECK(stat->threads == 3);
  CHECK_FALSE(parse_task_stat("1 (a) S 5 5 5\n"));
  CHECK_FALSE(parse_task_stat("1 (a"));
  std::string cut = stat_line("a", 'S', 13);
  cut.resize(cut.size() - 8);
  CHECK_FALSE(parse_task_stat(cut));
  for (const std::string& text : hostile_texts()) CHECK_FALSE(parse_task_stat(text));
}

TEST_CASE("processes and their threads are counted by state") {
  FakeHost files;
  add_limits(files);
  files.write("proc/1/stat", stat_line("init", 'S', 1));
  files.write("proc/20/stat", stat_line("two", 'S', 2));
  files.write("proc/20/task/20/stat", stat_line("two", 'S', 2));
  files.write("proc/20/task/21/stat", stat_line("two", 'R', 2));
  files.write("proc/30/stat", stat_line("gone", 'Z', 0));
  files.write("proc/40/comm", "ended while we looked\n");
  files.write("proc/self/stat", stat_line("no process of its own", 'R', 1));
  Ticker ticker("processes", files.host);
  REQUIRE(ticker.tick());
  const Scraped out = ticker.scrape();
  CHECK(out.get("node_processes_pids") == 3);
  CHECK(out.get("node_processes_threads") == 3);
  CHECK(out.get("node_processes_state{state=\"S\"}") == 2);
  CHECK(out.get("node_processes_state{state=\"Z\"}") == 1);
  CHECK(out.get("node_processes_state{state=\"D\"}") == 0);
  CHECK(out.get("node_processes_threads_state{thread_state=\"S\"}") == 2);
  CHECK(out.get("node_processes_threads_state{thread_state=\"R\"}") == 1);
  CHECK(out.get("node_processes_max_processes") == 4194304);
  CHECK(out.get("node_processes_max_threads") == 63000);
}

TEST_CASE("with more tasks than the limit, processes are counted and states left out") {
  FakeHost files;
  add_limits(files);
  for (int pid = 1; pid <= 5; ++pid) {
    files.write("proc/" + std::to_string(pid) + "/stat", stat_line("x", 'S', 1));
  }
  Ticker ticker("processes", files.host, {{"max_tasks", "3"}});
  REQUIRE(ticker.tick());
  const Scraped out = ticker.scrape();
  CHECK(out.get("node_processes_pids") == 5);
  CHECK_FALSE(out.types.count("node_processes_threads"));
  CHECK_FALSE(out.types.count("node_processes_state"));
}

TEST_CASE("this host has processes, this one among them") {
  Ticker ticker("processes", Host{});
  REQUIRE(ticker.tick());
  const Scraped out = ticker.scrape();
  CHECK(out.get("node_processes_pids") >= 1);
  CHECK(out.get("node_processes_threads_state{thread_state=\"R\"}") >= 1);
}

}  // namespace kernstat
