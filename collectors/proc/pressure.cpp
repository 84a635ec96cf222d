// SPDX-License-Identifier: Apache-2.0
#include "collectors/proc/pressure.h"

#include <algorithm>
#include <array>

#include "collectors/collector.h"
#include "collectors/fold.h"
#include "collectors/support/label_table.h"
#include "collectors/support/text.h"

namespace kernstat {
namespace {

struct Resource {
  const char* name;
  Metric waiting;  // some; no name: not reported
  Metric stalled;  // full
};

// `full` of cpu is not reported for the host: the kernel keeps it at 0 there.
constexpr Resource kResources[] = {
    {"cpu",
     {"node_pressure_cpu_waiting_seconds_total", MetricType::kCounter,
      "Time in which some task waited for a CPU, from /proc/pressure/cpu."},
     {}},
    {"memory",
     {"node_pressure_memory_waiting_seconds_total", MetricType::kCounter,
      "Time in which some task waited for memory, from /proc/pressure/memory."},
     {"node_pressure_memory_stalled_seconds_total", MetricType::kCounter,
      "Time in which every busy task waited for memory, from /proc/pressure/memory."}},
    {"io",
     {"node_pressure_io_waiting_seconds_total", MetricType::kCounter,
      "Time in which some task waited for I/O, from /proc/pressure/io."},
     {"node_pressure_io_stalled_seconds_total", MetricType::kCounter,
      "Time in which every busy task waited for I/O, from /proc/pressure/io."}},
    {"irq",
     {},
     {"node_pressure_irq_stalled_seconds_total", MetricType::kCounter,
      "Time in which interrupts kept every busy task from running, from /proc/pressure/irq."}},
};
constexpr std::size_t kCount = std::size(kResources);

constexpr Metric kFoldStall{"kernstat_pressure_stall_ratio", MetricType::kHistogram,
                            "Share of each tick's interval in which tasks waited for the resource, "
                            "from total of /proc/pressure."};

// Pressure hurts long before 1: a few per cent are felt as latency, 10 % are worth a look, beyond
// 60 % user-space OOM killers act by default.
constexpr double kStallBounds[] = {0.01, 0.02, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1};
constexpr FoldGrid kStallGrid{5, -10, 0, kStallBounds};

using Stalls = std::array<std::optional<Stall>, kCount>;

double seconds_of(std::uint64_t microseconds) { return static_cast<double>(microseconds) / 1e6; }

class PressureCollector final : public Sampled<Stalls> {
 public:
  explicit PressureCollector(const Host& host) {
    for (const Resource& resource : kResources) {
      files_.emplace_back(host.proc_path(std::string("pressure/") + resource.name));
    }
  }

 private:
  Result<void> read_into(Stalls& sample, const Tick&) override {
    sample.fill(std::nullopt);
    Result<void> first_absence;
    bool any = false;
    for (std::size_t i = 0; i < kCount; ++i) {
      // A kernel that has no such file now will have none later: it is built in or it is not.
      if (absent_[i]) continue;
      auto text = files_[i].read();
      if (!text && text.error().kind == ErrorKind::kAbsent) {
        absent_[i] = true;
        continue;
      }
      if (!text) return fail(text.error());
      Stall stall;
      auto parsed = parse_pressure(*text, stall);
      if (!parsed) return fail(files_[i].path(), parsed.error());
      sample[i] = stall;
      any = true;
    }
    if (!any) {
      // The next tick asks again, so that the state stays the truth.
      absent_.fill(false);
      return fail(ErrorKind::kAbsent,
                  files_[0].path() + ": the kernel has no pressure stall information (psi=1?)");
    }
    return {};
  }
  void fold(const Stalls& before, const Stalls& now, double seconds) override {
    const auto step = [seconds](const auto& from, const auto& to, Fold& fold) {
      if (!from || !to || *to < *from) return;
      fold.observe(std::min(seconds_of(*to - *from) / seconds, 1.0));
    };
    for (std::size_t i = 0; i < kCount; ++i) {
      if (!before[i] || !now[i]) continue;
      step(before[i]->some, now[i]->some, folds_[i * 2]);
      if (kResources[i].stalled.name.empty()) continue;
      step(before[i]->full, now[i]->full, folds_[(i * 2) + 1]);
    }
  }
  void write_sample(const Stalls& stalls, Families& out) const override {
    for (std::size_t i = 0; i < kCount; ++i) {
      if (!stalls[i]) continue;
      const Resource& resource = kResources[i];
      if (stalls[i]->some && !resource.waiting.name.empty()) {
        out.single(resource.waiting, seconds_of(*stalls[i]->some));
      }
      if (stalls[i]->full && !resource.stalled.name.empty()) {
        out.single(resource.stalled, seconds_of(*stalls[i]->full));
      }
    }
  }
  void write_folds(Families& out) const override {
    out.family(kFoldStall);
    for (std::size_t i = 0; i < folds_.size(); ++i) {
      if (folds_[i].count() == 0) continue;
      const std::string& labels = labels_.get(i, [i] {
        return Labels("resource", kResources[i / 2].name)
            .add("kind", i % 2 ? "full" : "some")
            .text();
      });
      out.histogram(labels, folds_[i].view());
    }
  }

  std::vector<KeptFile> files_;
  std::array<bool, kCount> absent_{};
  std::vector<Fold> folds_ = std::vector<Fold>(kCount * 2, Fold(kStallGrid));
  mutable LabelTable labels_;
};

const Registration kRegistration{
    {.name = "pressure",
     .help = "Time that tasks waited for CPU, memory and I/O, from /proc/pressure.",
     .interval = std::chrono::seconds(1),
     .options = {},
     .make = [](const Host& host, const Options&) -> Result<std::unique_ptr<Collector>> {
       return std::make_unique<PressureCollector>(host);
     }}};

}  // namespace

Result<void> parse_pressure(std::string_view text, Stall& into) {
  into = {};
  std::string_view line;
  while (next_whole_line(text, line)) {
    const std::string_view kind = next_field(line);
    std::optional<std::uint64_t>* const value = kind == "some"   ? &into.some
                                                : kind == "full" ? &into.full
                                                                 : nullptr;
    if (value == nullptr) continue;
    for (auto field = next_field(line); !field.empty(); field = next_field(line)) {
      constexpr std::string_view kTotal = "total=";
      if (field.substr(0, kTotal.size()) != kTotal) continue;
      *value = to_number<std::uint64_t>(field.substr(kTotal.size()));
    }
  }
  if (!into.some && !into.full) return fail(ErrorKind::kInvalid, "no line 'some … total=number'");
  return {};
}

}  // namespace kernstat
