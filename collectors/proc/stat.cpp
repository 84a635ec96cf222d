// SPDX-License-Identifier: Apache-2.0
#include "collectors/proc/stat.h"

#include "collectors/collector.h"
#include "collectors/fold.h"
#include "collectors/options.h"
#include "collectors/support/label_table.h"
#include "collectors/support/text.h"

namespace kernstat {
namespace {

constexpr Metric kInterrupts{"node_intr_total", MetricType::kCounter,
                             "Interrupts serviced since boot, from the line intr of /proc/stat."};
constexpr Metric kContextSwitches{"node_context_switches_total", MetricType::kCounter,
                                  "Context switches since boot, from the line ctxt of /proc/stat."};
constexpr Metric kForks{"node_forks_total", MetricType::kCounter,
                        "Tasks created since boot, from the line processes of /proc/stat."};
constexpr Metric kBootTime{"node_boot_time_seconds", MetricType::kGauge,
                           "Time of boot since 1970, from the line btime of /proc/stat."};
constexpr Metric kRunning{
    "node_procs_running", MetricType::kGauge,
    "Runnable tasks, the reading one included, from the line procs_running of /proc/stat."};
constexpr Metric kBlocked{"node_procs_blocked", MetricType::kGauge,
                          "Tasks waiting for I/O, from the line procs_blocked of /proc/stat."};
constexpr Metric kSoftirqs{"node_softirqs_total", MetricType::kCounter,
                           "Softirqs serviced since boot, from the line softirq of /proc/stat."};
constexpr Metric kFoldRunning{
    "kernstat_tasks_running", MetricType::kHistogram,
    "Runnable tasks at each tick, the reading one included, from procs_running of /proc/stat."};
constexpr Metric kFoldBlocked{
    "kernstat_tasks_blocked", MetricType::kHistogram,
    "Tasks waiting for I/O at each tick, from procs_blocked of /proc/stat."};

// include/linux/interrupt.h, softirq_to_name.
constexpr const char* kSoftirqNames[KernelStat::kSoftirqs] = {
    "hi",           "timer",   "net_tx", "net_rx",  "block",
    "block_iopoll", "tasklet", "sched",  "hrtimer", "rcu"};

// Counts of tasks from "nobody" to thousands: 1-2-5 steps, and every number up to 4, since on small
// hosts the difference between 1 and 3 runnable tasks is the difference between idle and queueing.
constexpr double kTaskBounds[] = {0, 1, 2, 3, 4, 5, 10, 20, 50, 100, 200, 500, 1000};
// The lowest native bucket ends at 1, so that 0 is the zero bucket alone. 12.5 % a bucket is finer
// than counts of tasks need.
constexpr FoldGrid kTaskGrid{3, -1, 12, kTaskBounds};

class StatCollector final : public Sampled<KernelStat> {
 public:
  StatCollector(std::string path, bool softirqs)
      : file_(std::move(path)), with_softirqs_(softirqs) {}

 private:
  Result<void> read_into(KernelStat& sample, const Tick&) override {
    auto text = file_.read();
    if (!text) return fail(text.error());
    auto parsed = parse_stat(*text, sample);
    if (!parsed) return fail(file_.path(), parsed.error());
    return {};
  }
  void fold(const KernelStat&, const KernelStat& now, double) override {
    if (now.running) running_.observe(static_cast<double>(*now.running));
    if (now.blocked) blocked_.observe(static_cast<double>(*now.blocked));
  }
  void write_sample(const KernelStat& stat, Families& out) const override {
    const auto say = [&out](const Metric& metric, const std::optional<std::uint64_t>& value) {
      if (value) out.single(metric, *value);
    };
    say(kInterrupts, stat.interrupts);
    say(kContextSwitches, stat.context_switches);
    say(kForks, stat.forks);
    say(kBootTime, stat.boot_time);
    say(kRunning, stat.running);
    say(kBlocked, stat.blocked);
    if (!with_softirqs_) return;
    out.family(kSoftirqs);
    for (std::size_t i = 0; i < stat.softirqs.size(); ++i) {
      if (!stat.softirqs[i]) continue;
      out.sample(labels_.get(i, [i] { return Labels("vector", kSoftirqNames[i]).text(); }),
                 *stat.softirqs[i]);
    }
  }
  void write_folds(Families& out) const override {
    out.family(kFoldRunning);
    out.histogram({}, running_.view());
    out.family(kFoldBlocked);
    out.histogram({}, blocked_.view());
  }

  KeptFile file_;
  bool with_softirqs_;
  Fold running_{kTaskGrid};
  Fold blocked_{kTaskGrid};
  mutable LabelTable labels_;
};

const Registration kRegistration{
    {.name = "stat",
     .help = "Interrupts, context switches, forks, boot time, runnable and blocked tasks, from "
             "/proc/stat.",
     .interval = std::chrono::seconds(1),
     .options = {{"softirq", OptionType::kBool, "false",
                  "Report node_softirqs_total, softirqs by vector."}},
     .make = [](const Host& host, const Options& options) -> Result<std::unique_ptr<Collector>> {
       return std::make_unique<StatCollector>(host.proc_path("stat"), options.flag("softirq"));
     }}};

// "softirq TOTAL HI TIMER …": each vector by its place.
void parse_softirqs(std::string_view line, KernelStat& into) {
  if (!next_number<std::uint64_t>(line)) return;
  for (auto& value : into.softirqs) {
    value = next_number<std::uint64_t>(line);
    if (!value) return;
  }
}

}  // namespace

Result<void> parse_stat(std::string_view text, KernelStat& into) {
  into = {};
  struct Line {
    std::string_view name;
    std::optional<std::uint64_t>& value;
  };
  const Line lines[] = {{"intr", into.interrupts},       {"ctxt", into.context_switches},
                        {"btime", into.boot_time},       {"processes", into.forks},
                        {"procs_running", into.running}, {"procs_blocked", into.blocked}};
  bool any = false;
  std::string_view line;
  while (next_whole_line(text, line)) {
    const std::string_view name = next_field(line);
    if (name == "softirq") parse_softirqs(line, into);
    for (const Line& known : lines) {
      if (name != known.name || known.value) continue;
      known.value = next_number<std::uint64_t>(line);
      any = any || known.value;
    }
  }
  if (!any) return fail(ErrorKind::kInvalid, "none of the lines intr, ctxt, btime, processes");
  return {};
}

}  // namespace kernstat
