// SPDX-License-Identifier: Apache-2.0
#include "daemon/self_metrics.h"

#include <ctime>

#include "daemon/version.h"

namespace kernstat {
namespace {

constexpr Metric kBuildInfo{"kernstat_build_info", MetricType::kInfo,
                            "Version of this daemon, and of the compiler that built it."};
constexpr Metric kReloadOk{"kernstat_config_last_reload_successful", MetricType::kGauge,
                           "Whether the last reading of the configuration succeeded; 0: an older "
                           "one is still in force."};
constexpr Metric kReloadTime{"kernstat_config_last_reload_success_timestamp_seconds",
                             MetricType::kGauge,
                             "When the configuration in force was read, as Unix time."};
constexpr Metric kBpfOff{"kernstat_bpf_off", MetricType::kGauge,
                         "1 while no BPF program may run, with the reason."};
constexpr Metric kState{"kernstat_collector_state", MetricType::kGauge,
                        "1 for the state a collector is in: starting, ok, unsupported, denied, "
                        "failed, shed or off; other states have no sample."};
constexpr Metric kScrapeDuration{"node_scrape_collector_duration_seconds", MetricType::kGauge,
                                 "How long a collector's last read took."};
constexpr Metric kScrapeSuccess{"node_scrape_collector_success", MetricType::kGauge,
                                "Whether a collector's last read succeeded."};

// Families with one number a collector.
struct Figure {
  Metric metric;
  double (*value)(const JobFigures&);
  bool needs_sample = false;
};
constexpr Figure kFigures[] = {
    {{"kernstat_collector_interval_seconds", MetricType::kGauge,
      "Time between two reads of a collector now: longer than configured when it is dear or "
      "absent."},
     [](const JobFigures& f) { return f.interval_seconds; }},
    {{"kernstat_collector_duration_seconds", MetricType::kGauge,
      "How long a collector's last read took."},
     [](const JobFigures& f) { return f.duration_seconds; }},
    {{"kernstat_collector_cpu_seconds_total", MetricType::kCounter,
      "CPU time that a collector's reads took, on the clock of their thread."},
     [](const JobFigures& f) { return f.cpu_seconds; }},
    {{"kernstat_collector_last_success_timestamp_seconds", MetricType::kGauge,
      "When a collector was last read well, as Unix time."},
     [](const JobFigures& f) { return f.last_success_seconds; },
     true},
    {{"kernstat_collector_sample_age_seconds", MetricType::kGauge,
      "Age of the sample that a collector serves."},
     [](const JobFigures& f) { return f.sample_age_seconds; },
     true},
};
struct Count {
  Metric metric;
  std::uint64_t JobFigures::*value;
};
constexpr Count kCounts[] = {
    {{"kernstat_collector_ticks_total", MetricType::kCounter,
      "Reads of a collector that ended, well or not."},
     &JobFigures::ticks},
    {{"kernstat_collector_ticks_missed_total", MetricType::kCounter,
      "Reads that could not begin in time, because an earlier one still ran or the CPUs were "
      "busy."},
     &JobFigures::missed},
    {{"kernstat_collector_failures_total", MetricType::kCounter,
      "Reads of a collector that ended in an error."},
     &JobFigures::failures},
    {{"kernstat_collector_series", MetricType::kGauge,
      "Series that a collector gave to this scrape."},
     &JobFigures::series},
};

double unix_seconds() {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

struct Row {
  const Job* job;
  JobFigures figures;
  Labels state;
};

void write_rows(Families& out, const std::vector<Row>& rows) {
  out.family(kState);
  for (const Row& row : rows) out.sample(row.state.text(), std::uint64_t{1});
  for (const Figure& figure : kFigures) {
    out.family(figure.metric);
    for (const Row& row : rows) {
      if (figure.needs_sample && !row.figures.has_sample) continue;
      out.sample(row.job->labels(), figure.value(row.figures));
    }
  }
  for (const Count& count : kCounts) {
    out.family(count.metric);
    for (const Row& row : rows) out.sample(row.job->labels(), row.figures.*count.value);
  }
  out.family(kScrapeDuration);
  for (const Row& row : rows) out.sample(row.job->labels(), row.figures.duration_seconds);
  out.family(kScrapeSuccess);
  for (const Row& row : rows) {
    out.sample(row.job->labels(),
               std::uint64_t{row.figures.state == CollectorState::kOk ? 1U : 0U});
  }
}

}  // namespace

SelfMetrics::SelfMetrics() : last_reload_seconds_(unix_seconds()) {
  build_info_.add("version", version()).add("compiler", compiler());
}

void SelfMetrics::reloaded(bool successful) {
  const std::lock_guard lock(mutex_);
  last_reload_successful_ = successful;
  if (successful) last_reload_seconds_ = unix_seconds();
}

void SelfMetrics::set_bpf_off(const std::string& reason) {
  const std::lock_guard lock(mutex_);
  bpf_off_ = reason;
}

std::string SelfMetrics::bpf_off() const {
  const std::lock_guard lock(mutex_);
  return bpf_off_;
}

void SelfMetrics::set_off(const std::vector<std::string>& names) {
  const std::lock_guard lock(mutex_);
  off_.clear();
  for (const std::string& name : names) {
    Labels labels("collector", name);
    labels.add("state", state_name(CollectorState::kOff));
    off_.emplace_back(name, std::move(labels));
  }
}

void SelfMetrics::write(Families& out, const std::vector<std::shared_ptr<Job>>& jobs,
                        const Selection& selection) const {
  std::vector<Row> rows;
  rows.reserve(jobs.size());
  for (const auto& job : jobs) {
    if (!selection.contains(job->name())) continue;
    rows.push_back({job.get(), job->written_figures(), Labels("collector", job->name())});
    rows.back().state.add("state", state_name(rows.back().figures.state));
  }
  const std::lock_guard lock(mutex_);
  out.family(kState);
  for (const auto& [name, labels] : off_) {
    if (selection.contains(name)) out.sample(labels.text(), std::uint64_t{1});
  }
  write_rows(out, rows);
  out.family(kBuildInfo);
  out.sample(build_info_.text(), std::uint64_t{1});
  out.single(kReloadOk, std::uint64_t{last_reload_successful_ ? 1U : 0U});
  out.single(kReloadTime, last_reload_seconds_);
  if (!bpf_off_.empty()) {
    out.family(kBpfOff);
    out.sample(Labels("reason", bpf_off_).text(), std::uint64_t{1});
  }
}

}  // namespace kernstat
