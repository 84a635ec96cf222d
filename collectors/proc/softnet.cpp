// SPDX-License-Identifier: Apache-2.0
#include "collectors/proc/softnet.h"

#include "collectors/collector.h"
#include "collectors/support/label_table.h"
#include "collectors/support/text.h"
#include "collectors/support/wide_counter.h"

namespace kernstat {
namespace {

constexpr std::size_t kFields = CpuSoftnet::kFields;

constexpr Metric kMetrics[kFields] = {
    {"node_softnet_processed_total", MetricType::kCounter,
     "Packets the CPU took from devices and queues, from /proc/net/softnet_stat."},
    {"node_softnet_dropped_total", MetricType::kCounter,
     "Packets dropped because the CPU's backlog was full, from /proc/net/softnet_stat."},
    {"node_softnet_times_squeezed_total", MetricType::kCounter,
     "Times the CPU stopped receiving with packets left, its budget or time being used up, from "
     "/proc/net/softnet_stat."},
    {"node_softnet_cpu_collision_total", MetricType::kCounter,
     "Collisions on a device's transmit lock (0 on current kernels), from /proc/net/softnet_stat."},
    {"node_softnet_received_rps_total", MetricType::kCounter,
     "Times another CPU woke this one to receive packets, from /proc/net/softnet_stat."},
    {"node_softnet_flow_limit_count_total", MetricType::kCounter,
     "Packets dropped by the flow limit, from /proc/net/softnet_stat."},
    {"node_softnet_backlog_len", MetricType::kGauge,
     "Packets in the CPU's backlog now, from /proc/net/softnet_stat."},
};

// Columns of the line; those between are obsolete.
constexpr std::size_t kColumn[kFields] = {0, 1, 2, 8, 9, 10, 11};
constexpr std::size_t kCpuColumn = 12;

using Softnets = std::vector<CpuSoftnet>;

class SoftnetCollector final : public Sampled<Softnets> {
 public:
  explicit SoftnetCollector(std::string path) : file_(std::move(path)) {}

 private:
  Result<void> read_into(Softnets& sample, const Tick&) override {
    auto text = file_.read();
    if (!text) return fail(text.error());
    auto parsed = parse_softnet(*text, sample);
    if (!parsed) return fail(file_.path(), parsed.error());
    for (CpuSoftnet& cpu : sample) {
      if (cpu.cpu >= counters_.size()) counters_.resize(std::size_t{cpu.cpu} + 1);
      for (std::size_t i = 0; i < CpuSoftnet::kBacklog; ++i) {
        cpu.values[i] = counters_[cpu.cpu][i].follow(static_cast<std::uint32_t>(cpu.values[i]));
      }
    }
    return {};
  }
  void write_sample(const Softnets& cpus, Families& out) const override {
    for (std::size_t i = 0; i < kFields; ++i) {
      out.family(kMetrics[i]);
      for (const CpuSoftnet& cpu : cpus) out.sample(labels_.cpu(cpu.cpu), cpu.values[i]);
    }
  }

  KeptFile file_;
  std::vector<std::array<WideCounter, CpuSoftnet::kBacklog>> counters_;  // by the CPU's number
  mutable LabelTable labels_;
};

const Registration kRegistration{
    {.name = "softnet",
     .help = "Packets received, dropped and put off by each CPU, from /proc/net/softnet_stat.",
     .interval = std::chrono::seconds(1),
     .options = {},
     .make = [](const Host& host, const Options&) -> Result<std::unique_ptr<Collector>> {
       return std::make_unique<SoftnetCollector>(host.net_path("softnet_stat"));
     }}};

bool parse_line(std::string_view line, CpuSoftnet& into) {
  std::size_t wanted = 0;
  for (std::size_t column = 0; column <= kCpuColumn; ++column) {
    const auto number = next_number<std::uint32_t>(line, 16);
    if (!number) return false;
    if (wanted < kFields && kColumn[wanted] == column) into.values[wanted++] = *number;
    if (column == kCpuColumn) {
      if (*number >= kMaxCpus) return false;
      into.cpu = static_cast<std::uint16_t>(*number);
    }
  }
  return true;
}

}  // namespace

Result<void> parse_softnet(std::string_view text, std::vector<CpuSoftnet>& into) {
  into.clear();
  std::string_view line;
  while (next_whole_line(text, line)) {
    CpuSoftnet cpu;
    if (!parse_line(line, cpu)) continue;
    if (!into.empty() && cpu.cpu <= into.back().cpu) continue;
    into.push_back(cpu);
  }
  if (into.empty()) return fail(ErrorKind::kInvalid, "no line of a CPU with its number");
  return {};
}

}  // namespace kernstat
