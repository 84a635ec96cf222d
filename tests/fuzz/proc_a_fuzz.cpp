// SPDX-License-Identifier: Apache-2.0
// The parsers of /proc and /sys text that are not about disks or the network. A first byte below 32
// chooses one parser for the rest of the input; any other input, such as a file of tests/fixtures,
// which is the corpus to begin with, goes through all of them. Every parser runs twice into the
// same sample, since samples are reused: what is left of the first time must not come back.
#include <algorithm>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "collectors/proc/buddyinfo.h"
#include "collectors/proc/cpu_info.h"
#include "collectors/proc/cpu_times.h"
#include "collectors/proc/cpu_vulnerabilities.h"
#include "collectors/proc/filefd.h"
#include "collectors/proc/hwmon.h"
#include "collectors/proc/interrupts.h"
#include "collectors/proc/loadavg.h"
#include "collectors/proc/meminfo.h"
#include "collectors/proc/os.h"
#include "collectors/proc/pressure.h"
#include "collectors/proc/process_scan.h"
#include "collectors/proc/schedstat.h"
#include "collectors/proc/softnet.h"
#include "collectors/proc/stat.h"
#include "collectors/proc/swaps.h"
#include "collectors/proc/vmstat.h"
#include "collectors/proc/zoneinfo.h"
#include "collectors/support/cpu_list.h"
#include "collectors/support/cpu_table.h"
#include "collectors/support/single_number.h"
#include "tests/fuzz/targets.h"

using namespace kernstat;

namespace {

void check(bool holds) {
  if (!holds) std::abort();
}

// Parses twice into one sample: the answer is the same.
template <typename S>
void twice(Result<void> (*parse)(std::string_view, S&), std::string_view text) {
  S sample{};
  const bool first = parse(text, sample).has_value();
  check(parse(text, sample).has_value() == first);
}

// What is exported does not go back, whatever the kernel says next, and shares are shares.
void cpu(std::string_view text) {
  std::vector<CpuTimes> times;
  if (!parse_cpu_times(text, times)) return;
  SteadyCpuTimes steady(100);
  std::vector<CpuTimes> before = times;
  steady.apply(before);
  for (CpuTimes& other : times) other.ticks = times.back().ticks;
  steady.apply(times);
  for (std::size_t i = 0; i < times.size(); ++i) {
    for (std::size_t mode = 0; mode < kCpuModes; ++mode) {
      check(times[i].ticks[mode] >= before[i].ticks[mode]);
    }
  }
  const CpuStep step = cpu_step(before, times, 1, 100);
  check(step.busiest >= 0 && step.busiest <= 1 && step.host.busy >= 0 && step.host.busy <= 1);
}

void table(std::string_view text) {
  CpuTable parsed;
  if (!parse_cpu_table(text, parsed)) return;
  WideTable wide;
  for (std::size_t i = 0; i < parsed.size(); ++i) {
    check(parsed[i].values.size() == parsed.cpus().size());
    split_interrupt(parsed[i].name, parsed[i].text);
  }
  wide.apply(parsed);
  check(parse_cpu_table(text, parsed).has_value());
  wide.apply(parsed);
}

void words(std::string_view text) {
  parse_task_stat(text);
  parse_vulnerability(text);
  unescape_path(text);
  clean_name(text);
  major_minor(text);
  date_seconds(text);
  const auto file = split_sensor_file(text);
  if (file) sensor_family(*file, false);
}

constexpr FuzzTarget kTargets[] = {
    [](std::string_view text) { twice(parse_stat, text); },
    cpu,
    [](std::string_view text) { twice(parse_meminfo, text); },
    [](std::string_view text) { twice(parse_vmstat, text); },
    [](std::string_view text) { twice(parse_pressure, text); },
    [](std::string_view text) { twice(parse_schedstat, text); },
    [](std::string_view text) { twice(parse_softnet, text); },
    table,
    [](std::string_view text) { twice(parse_buddyinfo, text); },
    [](std::string_view text) { twice(parse_zoneinfo, text); },
    [](std::string_view text) { twice(parse_swaps, text); },
    [](std::string_view text) { twice(parse_file_nr, text); },
    [](std::string_view text) { twice(parse_os_release, text); },
    [](std::string_view text) { twice(parse_loadavg, text); },
    [](std::string_view text) { twice(parse_cpu_list, text); },
    [](std::string_view text) { twice(parse_single_number<std::uint64_t>, text); },
    words,
    [](std::string_view text) { twice(parse_cpuinfo, text); },
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz_one_of(kTargets, data, size);
  return 0;
}
