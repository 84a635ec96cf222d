// SPDX-License-Identifier: Apache-2.0
#include <array>

#include "collectors/proc/cpu_info.h"
#include "collectors/proc/cpu_times.h"
#include "tests/collectors/recorder.h"

namespace kernstat {
namespace {

using Row = std::array<std::uint64_t, kCpuModes>;

CpuTimes times_of(std::uint16_t cpu, const Row& ticks) { return {cpu, false, ticks}; }

// One line of /proc/stat.
std::string line(int cpu, const Row& ticks) {
  std::string text = "cpu" + (cpu < 0 ? std::string(" ") : std::to_string(cpu));
  for (const std::uint64_t value : ticks) text += " " + std::to_string(value);
  return text + "\n";
}

constexpr auto kIdle = static_cast<std::size_t>(CpuMode::kIdle);
constexpr auto kUser = static_cast<std::size_t>(CpuMode::kUser);

}  // namespace

TEST_CASE("cpu reads the line of each CPU") {
  std::vector<CpuTimes> cpus;
  REQUIRE(parse_cpu_times(line(-1, {9, 9}) + line(0, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10}) +
                              line(3, {11}) + "intr 5\n" + line(4, {1}),
                          cpus));
  REQUIRE(cpus.size() == 2);
  CHECK(cpus[0].of(CpuMode::kUser) == 1);
  CHECK(cpus[0].of(CpuMode::kGuestNice) == 10);
  CHECK(cpus[1].cpu == 3);
}

TEST_CASE("cpu leaves out lines that are cut, short or absurd") {
  std::vector<CpuTimes> cpus;
  REQUIRE(parse_cpu_times(line(0, {1}) + "cpu1 1 2 3 4 5 6 7 8 9\n" + line(8192, {1}) +
                              line(2, {std::uint64_t{1} << 60}) + line(0, {5}) + "cpux 1 2\n" +
                              "cpu5 1 2 3 4 5 6 7 8 9 10",
                          cpus));
  REQUIRE(cpus.size() == 1);
  CHECK(cpus[0].of(CpuMode::kUser) == 1);
  for (const std::string& text : hostile_texts()) CHECK_FALSE(parse_cpu_times(text, cpus));
}

TEST_CASE("a small step back is held until the kernel has caught up") {
  SteadyCpuTimes steady(100);
  std::vector<std::uint64_t> shown;
  for (const std::uint64_t idle : std::initializer_list<std::uint64_t>{1000, 990, 995, 1001}) {
    Row row{};
    row[kIdle] = idle;
    std::vector<CpuTimes> cpus{times_of(0, row)};
    steady.apply(cpus);
    shown.push_back(cpus[0].of(CpuMode::kIdle));
  }
  CHECK(shown == std::vector<std::uint64_t>{1000, 1000, 1000, 1001});
}

TEST_CASE("a CPU that comes back goes on from where it was, and only that CPU") {
  SteadyCpuTimes steady(100);
  const auto apply = [&steady](std::vector<CpuTimes> cpus) {
    steady.apply(cpus);
    return cpus;
  };
  Row row{};
  row[kIdle] = 1000;
  row[kUser] = 500;
  auto cpus = apply({times_of(0, row), times_of(1, row)});
  CHECK(cpus[0].fresh);
  apply({times_of(0, row)});  // CPU 1 is offline
  Row small{};
  small[kIdle] = 950;  // less than 3 s back, but it was offline
  small[kUser] = 500;
  cpus = apply({times_of(0, small), times_of(1, small)});
  CHECK_FALSE(cpus[0].fresh);
  CHECK(cpus[1].fresh);
  CHECK(cpus[1].of(CpuMode::kIdle) == 1000);
  small[kIdle] = 960;
  cpus = apply({times_of(0, small), times_of(1, small)});
  CHECK(cpus[0].of(CpuMode::kIdle) == 1000);  // held: 960 has not caught up
  CHECK(cpus[1].of(CpuMode::kIdle) == 1010);  // goes on
  CHECK_FALSE(cpus[1].fresh);
}

TEST_CASE("a step back of three seconds is a CPU that was offline unseen") {
  SteadyCpuTimes steady(100);
  Row row{};
  row[kIdle] = 100000;
  row[kUser] = 700;
  std::vector<CpuTimes> cpus{times_of(0, row)};
  steady.apply(cpus);
  row[kIdle] = 20;
  row[kUser] = 699;
  cpus = {times_of(0, row)};
  steady.apply(cpus);
  CHECK(cpus[0].fresh);
  CHECK(cpus[0].of(CpuMode::kIdle) == 100000);
  row[kIdle] = 30;
  row[kUser] = 700;
  cpus = {times_of(0, row)};
  steady.apply(cpus);
  CHECK_FALSE(cpus[0].fresh);
  CHECK(cpus[0].of(CpuMode::kIdle) == 100010);
  CHECK(cpus[0].of(CpuMode::kUser) == 701);
}

TEST_CASE("iowait that becomes idle time is held, however much it is") {
  SteadyCpuTimes steady(100);
  const auto iowait = static_cast<std::size_t>(CpuMode::kIowait);
  Row row{};
  row[iowait] = 5000;
  std::vector<CpuTimes> cpus{times_of(0, row)};
  steady.apply(cpus);
  row[iowait] = 1000;
  row[kIdle] = 4000;
  cpus = {times_of(0, row)};
  steady.apply(cpus);
  CHECK_FALSE(cpus[0].fresh);
  CHECK(cpus[0].of(CpuMode::kIowait) == 5000);
  row[iowait] = 5001;
  cpus = {times_of(0, row)};
  steady.apply(cpus);
  CHECK(cpus[0].of(CpuMode::kIowait) == 5001);
}

TEST_CASE("no sequence of kernel values makes a counter go back") {
  SteadyCpuTimes steady(100);
  std::uint64_t random = 1;
  Row last{};
  for (int i = 0; i < 20000; ++i) {
    random = random * 6364136223846793005U + 1442695040888963407U;
    Row row{};
    for (std::size_t mode = 0; mode < kCpuModes; ++mode) row[mode] = (random >> (20 + mode)) % 2000;
    std::vector<CpuTimes> cpus;
    if (random % 7 != 0) cpus.push_back(times_of(2, row));
    steady.apply(cpus);
    for (const CpuTimes& times : cpus) {
      for (std::size_t mode = 0; mode < kCpuModes; ++mode) REQUIRE(times.ticks[mode] >= last[mode]);
      last = times.ticks;
    }
  }
}

TEST_CASE("shares of a step are those of the host and of the busiest CPU") {
  // One second: CPU 0 is busy 30 of 100 ticks, CPU 1 loses 50 to the hypervisor.
  const std::vector<CpuTimes> before{times_of(0, {}), times_of(1, {}), times_of(2, {})};
  std::vector<CpuTimes> now{times_of(0, {10, 0, 10, 70, 0, 5, 5, 0, 10, 0}),
                            times_of(1, {0, 0, 0, 25, 25, 0, 0, 50, 0, 0}),
                            times_of(2, {100, 0, 0, 0, 0, 0, 0, 0, 0, 0})};
  now[2].fresh = true;
  const CpuStep step = cpu_step(before, now, 1, 100);
  REQUIRE(step.valid);
  CHECK(step.host.busy == Approx(0.15));
  CHECK(step.host.steal == Approx(0.25));
  CHECK(step.busiest == Approx(0.3));
}

TEST_CASE("held idle time does not make a CPU look busy") {
  const std::vector<CpuTimes> before{times_of(0, {})};
  const CpuStep step = cpu_step(before, {times_of(0, {1})}, 1, 100);
  CHECK(step.busiest == Approx(1.0 / 80));
  CHECK_FALSE(cpu_step(before, {times_of(1, {1})}, 1, 100).valid);
  CHECK_FALSE(cpu_step({}, {}, 1, 100).valid);
}

TEST_CASE("cpu exports seconds, online and isolated CPUs, throttles and folds") {
  FakeHost files;
  files.write("proc/stat", line(-1, {}) + line(0, {100, 0, 0, 1000}) + line(1, {0, 0, 0, 1100}));
  files.write("sys/devices/system/cpu/present", "0-2\n");
  files.write("sys/devices/system/cpu/online", "0-1\n");
  files.write("sys/devices/system/cpu/isolated", "1\n");
  for (const std::string cpu : {"cpu0", "cpu1"}) {
    const std::string path = "sys/devices/system/cpu/" + cpu;
    files.write(path + "/topology/physical_package_id", "0\n");
    files.write(path + "/topology/core_id", cpu == "cpu0" ? "0\n" : "4\n");
    files.write(path + "/thermal_throttle/core_throttle_count", "5\n");
    files.write(path + "/thermal_throttle/package_throttle_count", "30\n");
  }
  Ticker ticker("cpu", files.host);
  REQUIRE(ticker.tick());
  files.write("proc/stat", line(-1, {}) + line(0, {125, 0, 0, 1075}) +
                               line(1, {75, 0, 0, 1125, 0, 0, 0, 0, 25}));
  REQUIRE(ticker.tick());
  const Scraped out = ticker.scrape();
  CHECK(out.get("node_cpu_seconds_total{cpu=\"0\",mode=\"idle\"}") == 10.75);
  CHECK(out.get("node_cpu_seconds_total{cpu=\"1\",mode=\"user\"}") == 0.75);
  CHECK(out.get("node_cpu_guest_seconds_total{cpu=\"1\",mode=\"user\"}") == 0.25);
  CHECK(out.get("node_cpu_online{cpu=\"2\"}") == 0);
  CHECK(out.get("node_cpu_online{cpu=\"1\"}") == 1);
  CHECK(out.get("node_cpu_isolated{cpu=\"1\"}") == 1);
  CHECK(out.get("node_cpu_core_throttles_total{package=\"0\",core=\"4\"}") == 5);
  CHECK(out.get("node_cpu_package_throttles_total{package=\"0\"}") == 30);
  CHECK(out.get("kernstat_cpu_busiest_ratio") == 1);
  CHECK(out.sums.at("kernstat_cpu_busiest_ratio") == Approx(0.75));
  CHECK(out.sums.at("kernstat_cpu_busy_ratio") == Approx(0.5));
  CHECK(out.sums.at("kernstat_cpu_steal_ratio") == 0);
}

TEST_CASE("a burst of 300 ms is a quarter of some tick however it lies") {
  std::chrono::milliseconds interval{0};
  for (const CollectorSpec& spec : registered_collectors()) {
    if (spec.name == "cpu") interval = spec.interval;
  }
  REQUIRE(interval.count() > 0);
  const double tick = static_cast<double>(interval.count()) / 1000;
  for (double start = 0; start < tick; start += 0.01) {
    const double in_first = std::min(0.3, tick - start);
    const double in_second = std::min(0.3 - in_first, tick);
    CHECK(std::max(in_first, in_second) / tick >= 0.25);
  }
}

TEST_CASE("cpuinfo describes each CPU, its flags and bugs") {
  CpuInfo info;
  REQUIRE(
      parse_cpuinfo("processor\t: 0\nvendor_id\t: GenuineIntel\nmodel name\t: Some \"CPU\"\n"
                    "flags\t\t: fpu vme fpu\nbugs\t\t: meltdown\n\n"
                    "processor\t: 1\nphysical id\t: 0\ncache size\t: 512 KB\nflags\t: other\n"
                    "model\t: 7",
                    info));
  REQUIRE(info.cpus.size() == 2);
  CHECK(info.cpus[0].model_name == "Some \"CPU\"");
  CHECK(info.cpus[1].cache_size == "512 KB");
  CHECK(info.cpus[1].model.empty());
  const re2::RE2 all("");
  const CpuInfoLabels labels = cpu_info_labels(info, &all, nullptr);
  CHECK(labels.flags == std::vector<std::string>{"flag=\"fpu\"", "flag=\"vme\""});
  CHECK(labels.bugs.empty());
  for (const std::string& text : hostile_texts()) CHECK_FALSE(parse_cpuinfo(text, info));
  CHECK_FALSE(parse_cpuinfo("processor : 99999\n", info));
}

TEST_CASE("cpu reports what the CPUs are when it is asked to") {
  FakeHost files;
  files.write("proc/stat", line(0, {1}));
  files.write("proc/cpuinfo", "processor : 0\nmodel : 7\nflags : fpu\nbugs : l1tf mds\n");
  Ticker ticker("cpu", files.host, {{"info", "true"}, {"info_bugs_include", "^l1"}});
  REQUIRE(ticker.tick());
  const Scraped out = ticker.scrape();
  CHECK(
      out.get("node_cpu_info{package=\"\",core=\"\",cpu=\"0\",vendor=\"\",family=\"\",model=\"7\","
              "model_name=\"\",microcode=\"\",stepping=\"\",cachesize=\"\"}") == 1);
  CHECK(out.get("node_cpu_bug_info{bug=\"l1tf\"}") == 1);
  CHECK_FALSE(out.types.count("node_cpu_flag_info"));
  Ticker plain("cpu", files.host);
  REQUIRE(plain.tick());
  CHECK_FALSE(plain.scrape().types.count("node_cpu_info"));
}

}  // namespace kernstat
