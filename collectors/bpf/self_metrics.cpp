// SPDX-License-Identifier: Apache-2.0
#include "collectors/bpf/self_metrics.h"

#include <algorithm>

#include "collectors/support/labels.h"

namespace kernstat::bpf {
namespace {

constexpr Metric kHookInfo{"kernstat_bpf_hook_info", MetricType::kInfo,
                           "The kernel hook that serves a metric of a BPF tool."};
constexpr Metric kHookUnavailable{
    "kernstat_bpf_hook_unavailable", MetricType::kGauge,
    "1 for each better hook that a BPF tool could not use, with the reason."};
constexpr Metric kMapEntries{"kernstat_bpf_map_entries", MetricType::kGauge,
                             "Entries in a BPF map at its last read."};
constexpr Metric kMapCapacity{"kernstat_bpf_map_capacity", MetricType::kGauge,
                              "Entries that a BPF map has room for."};
constexpr Metric kMapBytes{"kernstat_bpf_map_bytes", MetricType::kGauge,
                           "Kernel memory that a BPF map takes, estimated from its layout."};
constexpr Metric kMapFull{
    "kernstat_bpf_map_full_total", MetricType::kCounter,
    "Events that found a BPF map full: series go into other, others are lost."};
constexpr Metric kAged{"kernstat_bpf_series_aged_total", MetricType::kCounter,
                       "Keys that left a BPF map because they were idle or their object went."};
constexpr Metric kSwept{
    "kernstat_bpf_swept_total", MetricType::kCounter,
    "Entries of things in flight that were removed because their end never came."};
constexpr Metric kLost{"kernstat_bpf_lost_total", MetricType::kCounter,
                       "Events that a BPF tool saw and could not count, by reason."};
constexpr Metric kRuns{"kernstat_bpf_program_runs_total", MetricType::kCounter,
                       "Runs of a BPF program."};
constexpr Metric kSeconds{"kernstat_bpf_program_run_seconds_total", MetricType::kCounter,
                          "Time that a BPF program ran, from one timed run in 64."};
constexpr Metric kMisses{
    "kernstat_bpf_program_misses_total", MetricType::kCounter,
    "Events that a BPF program missed: it ran on that CPU already, and the kernel skipped it."};
constexpr Metric kBudget{"kernstat_bpf_tool_budget_ratio", MetricType::kGauge,
                         "Share of one CPU beyond which a BPF tool is shed."};
constexpr Metric kShed{"kernstat_bpf_tool_shed_total", MetricType::kCounter,
                       "How often a BPF tool was detached because it cost more than its budget."};
constexpr Metric kIsShed{"kernstat_bpf_tool_shed", MetricType::kGauge,
                         "1 while a BPF tool is detached because it cost more than its budget."};
constexpr Metric kLoad{"kernstat_bpf_tool_load_seconds", MetricType::kGauge,
                       "How long it took to load and attach a BPF tool."};

void write_maps(const ToolStatus& status, Families& out) {
  const auto each = [&](const Metric& metric, std::uint64_t MapStatus::*member, bool arrays_too) {
    out.family(metric);
    for (const MapStatus& map : status.maps) {
      if (arrays_too || map.fills) out.sample(map.labels, map.*member);
    }
  };
  each(kMapEntries, &MapStatus::entries, false);
  each(kMapCapacity, &MapStatus::capacity, false);
  each(kMapBytes, &MapStatus::bytes, true);
  each(kMapFull, &MapStatus::full, false);
  each(kAged, &MapStatus::aged, false);
  each(kSwept, &MapStatus::swept, false);
}

// A probe and its return probe are one kind of hook at one place.
void add_once(std::vector<std::string>& list, std::string text) {
  if (std::find(list.begin(), list.end(), text) == list.end()) list.push_back(std::move(text));
}

// What the section does not say stands in the YAML.
std::string target_of(const ToolSpec& tool, const std::string& program,
                      const std::string& section) {
  const ProgramSpec* where = tool.program(program);
  if (where != nullptr && !where->perf_event.empty()) return where->perf_event;
  if (where != nullptr && !where->library.empty()) return where->library + ":" + where->symbol;
  return hook_target(section);
}

}  // namespace

void describe_hook(const ToolSpec& tool, const Hook& hook, const Object* object,
                   const std::vector<std::string>& families, ToolStatus& status) {
  const std::vector<std::string>& served = hook.spec.serves.empty() ? families : hook.spec.serves;
  if (hook.available() && object != nullptr && !hook.links.empty()) {
    for (const std::string& program : hook.alternative().programs) {
      const std::string section = object->section(program);
      for (const std::string& family : served) {
        Labels labels("tool", tool.name);
        labels.add("hook", hook.spec.name).add("metric", family);
        labels.add("kind", hook_kind(section)).add("target", target_of(tool, program, section));
        add_once(status.hooks, labels.text());
      }
    }
  }
  for (const PassedOver& passed : hook.passed_over) {
    Labels labels("tool", tool.name);
    labels.add("hook", hook.spec.name).add("kind", passed.kind).add("target", passed.target);
    labels.add("reason", passed.reason);
    add_once(status.unavailable, labels.text());
  }
}

void write_status(const ToolStatus& status, Families& out) {
  out.family(kHookInfo);
  for (const std::string& labels : status.hooks) out.sample(labels, std::uint64_t{1});
  out.family(kHookUnavailable);
  for (const std::string& labels : status.unavailable) out.sample(labels, std::uint64_t{1});
  write_maps(status, out);
  out.family(kLost);
  for (const LabelledCount& lost : status.lost) out.sample(lost.labels, lost.count);
  out.family(kRuns);
  for (const ProgramStatus& program : status.programs) out.sample(program.labels, program.runs);
  out.family(kSeconds);
  for (const ProgramStatus& program : status.programs) out.sample(program.labels, program.seconds);
  out.family(kMisses);
  for (const ProgramStatus& program : status.programs) {
    if (program.misses) out.sample(program.labels, *program.misses);
  }
  out.family(kBudget);
  out.sample(status.labels, status.budget);
  out.family(kShed);
  out.sample(status.labels, status.shed);
  out.family(kIsShed);
  out.sample(status.labels, std::uint64_t{status.is_shed ? 1U : 0U});
  out.family(kLoad);
  out.sample(status.labels, status.load_seconds);
}

}  // namespace kernstat::bpf
