// SPDX-License-Identifier: Apache-2.0
#include "collectors/proc/schedstat.h"

#include "collectors/collector.h"
#include "collectors/support/label_table.h"
#include "collectors/support/text.h"

namespace kernstat {
namespace {

constexpr Metric kRunning{"node_schedstat_running_seconds_total", MetricType::kCounter,
                          "Time tasks ran on the CPU, from rq_cpu_time in /proc/schedstat."};
constexpr Metric kWaiting{"node_schedstat_waiting_seconds_total", MetricType::kCounter,
                          "Time runnable tasks waited for the CPU, from run_delay in "
                          "/proc/schedstat."};
constexpr Metric kTimeslices{"node_schedstat_timeslices_total", MetricType::kCounter,
                             "Time slices run on the CPU, from pcount in /proc/schedstat."};

using Schedules = std::vector<CpuSchedule>;

class SchedstatCollector final : public Sampled<Schedules> {
 public:
  explicit SchedstatCollector(std::string path) : file_(std::move(path)) {}

 private:
  Result<void> read_into(Schedules& sample, const Tick&) override {
    auto text = file_.read();
    if (!text) return fail(text.error());
    auto parsed = parse_schedstat(*text, sample);
    if (!parsed) return fail(file_.path(), parsed.error());
    return {};
  }
  void write_sample(const Schedules& cpus, Families& out) const override {
    constexpr double kNanoseconds = 1e9;
    out.family(kRunning);
    for (const CpuSchedule& cpu : cpus) {
      out.sample(labels_.cpu(cpu.cpu), static_cast<double>(cpu.running_ns) / kNanoseconds);
    }
    out.family(kWaiting);
    for (const CpuSchedule& cpu : cpus) {
      out.sample(labels_.cpu(cpu.cpu), static_cast<double>(cpu.waiting_ns) / kNanoseconds);
    }
    out.family(kTimeslices);
    for (const CpuSchedule& cpu : cpus) out.sample(labels_.cpu(cpu.cpu), cpu.timeslices);
  }

  KeptFile file_;
  mutable LabelTable labels_;
};

const Registration kRegistration{
    {.name = "schedstat",
     .help = "Time tasks ran on and waited for each CPU, from /proc/schedstat.",
     .interval = std::chrono::seconds(2),
     .options = {},
     .make = [](const Host& host, const Options&) -> Result<std::unique_ptr<Collector>> {
       return std::make_unique<SchedstatCollector>(host.proc_path("schedstat"));
     }}};

}  // namespace

Result<void> parse_schedstat(std::string_view text, std::vector<CpuSchedule>& into) {
  into.clear();
  std::string_view line;
  while (next_whole_line(text, line)) {
    const std::string_view name = next_field(line);
    if (!name.starts_with("cpu")) continue;
    const auto cpu = to_number<std::uint16_t>(name.substr(3));
    if (!cpu || *cpu >= kMaxCpus || (!into.empty() && *cpu <= into.back().cpu)) continue;
    // Six counts of calls into the scheduler, then the three that are wanted.
    bool whole = true;
    for (int i = 0; i < 6; ++i) whole = next_number<std::uint64_t>(line).has_value() && whole;
    const auto running = next_number<std::uint64_t>(line);
    const auto waiting = next_number<std::uint64_t>(line);
    const auto timeslices = next_number<std::uint64_t>(line);
    if (!whole || !running || !waiting || !timeslices) continue;
    into.push_back({*cpu, *running, *waiting, *timeslices});
  }
  if (into.empty()) return fail(ErrorKind::kInvalid, "no line of a CPU");
  return {};
}

}  // namespace kernstat
