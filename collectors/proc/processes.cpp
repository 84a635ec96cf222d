// SPDX-License-Identifier: Apache-2.0
// Processes and threads by state, and their limits.
#include "collectors/collector.h"
#include "collectors/options.h"
#include "collectors/proc/process_scan.h"
#include "collectors/support/label_table.h"
#include "collectors/support/single_number.h"

namespace kernstat {
namespace {

constexpr Metric kPids{"node_processes_pids", MetricType::kGauge,
                       "Processes, from the directories of /proc."};
constexpr Metric kThreads{"node_processes_threads", MetricType::kGauge,
                          "Threads of all processes, from num_threads in /proc/PID/stat."};
constexpr Metric kStates{"node_processes_state", MetricType::kGauge,
                         "Processes by state, from /proc/PID/stat."};
constexpr Metric kThreadStates{"node_processes_threads_state", MetricType::kGauge,
                               "Threads by state, from /proc/PID/task/TID/stat."};
constexpr Metric kMaxProcesses{"node_processes_max_processes", MetricType::kGauge,
                               "Limit of process numbers, from /proc/sys/kernel/pid_max."};
constexpr Metric kMaxThreads{"node_processes_max_threads", MetricType::kGauge,
                             "Limit of threads, from /proc/sys/kernel/threads-max."};

struct Processes {
  ProcessCounts counts;
  std::uint64_t max_processes = 0;
  std::uint64_t max_threads = 0;
};

class ProcessesCollector final : public Sampled<Processes> {
 public:
  ProcessesCollector(const Host& host, std::uint64_t limit)
      : proc_(host.proc),
        scanner_(limit),
        pid_max_(host.proc_path("sys/kernel/pid_max")),
        threads_max_(host.proc_path("sys/kernel/threads-max")) {}

 private:
  static Result<void> read_limit(KeptFile& file, std::uint64_t& into) {
    auto text = file.read();
    if (!text) return fail(text.error());
    auto parsed = parse_single_number(*text, into);
    if (!parsed) return fail(file.path(), parsed.error());
    return {};
  }
  Result<void> read_into(Processes& sample, const Tick&) override {
    auto read = read_limit(pid_max_, sample.max_processes);
    if (!read) return read;
    read = read_limit(threads_max_, sample.max_threads);
    if (!read) return read;
    return scanner_.scan(proc_.c_str(), sample.counts);
  }
  void write_states(const Metric& metric, const char* label, const StateCounts& states,
                    LabelTable& labels, Families& out) const {
    out.family(metric);
    for (std::size_t i = 0; i < kTaskStates.size(); ++i) {
      const std::string& text =
          labels.get(i, [label, i] { return Labels(label, kTaskStates.substr(i, 1)).text(); });
      out.sample(text, states.counts[i]);
    }
  }
  void write_sample(const Processes& sample, Families& out) const override {
    out.single(kPids, sample.counts.processes);
    out.single(kMaxProcesses, sample.max_processes);
    out.single(kMaxThreads, sample.max_threads);
    // Half a count is no count.
    if (!sample.counts.complete) return;
    out.single(kThreads, sample.counts.threads);
    write_states(kStates, "state", sample.counts.process_states, process_labels_, out);
    write_states(kThreadStates, "thread_state", sample.counts.thread_states, thread_labels_, out);
  }

  std::string proc_;
  ProcessScanner scanner_;
  KeptFile pid_max_;
  KeptFile threads_max_;
  mutable LabelTable process_labels_;
  mutable LabelTable thread_labels_;
};

const Registration kRegistration{
    {.name = "processes",
     .help = "Processes and threads by state, from /proc/PID; reading them costs about 10 µs each.",
     .interval = std::chrono::seconds(30),
     .lane = Lane::kSlow,
     .options = {{"max_tasks", OptionType::kNumber, "20000",
                  "Processes and threads that are looked at; with more on the host, states are "
                  "left out."}},
     .make = [](const Host& host, const Options& options) -> Result<std::unique_ptr<Collector>> {
       const double limit = options.number("max_tasks");
       if (!(limit >= 0 && limit <= 1e9)) {
         return fail(ErrorKind::kInvalid, "max_tasks must be between 0 and 1000000000");
       }
       return std::make_unique<ProcessesCollector>(host, static_cast<std::uint64_t>(limit));
     }}};

}  // namespace
}  // namespace kernstat
