// SPDX-License-Identifier: Apache-2.0
#include "daemon/runner.h"

#include <algorithm>
#include <ctime>
#include <utility>

namespace kernstat {
namespace {

constexpr std::size_t kLanes = 3;
constexpr const char* kLaneNames[kLanes] = {"kernstat-fast", "kernstat-slow", "kernstat-bpf"};

// A lane that is later than this does not work any more. The slow lane is left out: it may wait for
// hardware, and starting the daemon again would not help that.
constexpr std::chrono::nanoseconds kMostLate = std::chrono::seconds(10);

std::size_t index(Lane lane) { return static_cast<std::size_t>(lane); }

struct Wanted {
  const CollectorSpec* spec;
  const CollectorConfig* config;
};

std::vector<Wanted> wanted_jobs(
    const std::vector<CollectorSpec>& specs,
    const std::map<std::string, CollectorConfig, std::less<>>& configs) {
  std::vector<Wanted> wanted;
  for (const CollectorSpec& spec : specs) {
    const auto found = configs.find(spec.name);
    if (found != configs.end() && found->second.enabled) wanted.push_back({&spec, &found->second});
  }
  return wanted;
}

std::vector<Wanted> wanted_jobs(const LoadedConfig& loaded) {
  auto wanted = wanted_jobs(registered_collectors(), loaded.config.collectors);
  if (loaded.config.bpf.enabled) {
    const auto tools = wanted_jobs(loaded.tools, loaded.config.tools);
    wanted.insert(wanted.end(), tools.begin(), tools.end());
  }
  std::stable_sort(wanted.begin(), wanted.end(),
                   [](const Wanted& a, const Wanted& b) { return a.spec->name < b.spec->name; });
  return wanted;
}

}  // namespace

Runner::Runner(Settings settings)
    : settings_(std::move(settings)), jobs_(std::make_shared<const Jobs>()) {}

Runner::~Runner() { stop(std::chrono::milliseconds(500)); }

std::shared_ptr<const Runner::Jobs> Runner::jobs() const {
  const std::lock_guard lock(mutex_);
  return jobs_;
}

std::shared_ptr<Job> Runner::make_job(const CollectorSpec& spec, const CollectorConfig& config,
                                      bool stretch) const {
  return std::make_shared<Job>(Job::Setup{spec, config.options, config.interval, stretch,
                                          settings_.host, settings_.phase, settings_.log,
                                          monotonic_now_ns});
}

// The BPF lane comes first: it needs the capabilities that the maker of the others gives up.
void Runner::start_lanes() {
  for (const Lane lane : {Lane::kBpf, Lane::kFast, Lane::kSlow}) {
    auto& thread = lanes_[index(lane)];
    if (thread) continue;
    thread = std::make_unique<LaneThread>(
        kLaneNames[index(lane)],
        [this, lane] {
          if (settings_.on_thread) settings_.on_thread(lane);
        },
        lane == Lane::kBpf ? settings_.after_first_bpf_pass : nullptr);
  }
}

std::string Runner::apply(const LoadedConfig& loaded) {
  const auto before = jobs();
  auto now = std::make_shared<Jobs>();
  std::size_t added = 0;
  std::size_t changed = 0;
  for (const auto& [spec, config] : wanted_jobs(loaded)) {
    const bool stretch = loaded.config.limits.stretch && !config->interval_fixed;
    const auto old = std::find_if(before->begin(), before->end(), [wanted = spec](auto& job) {
      return job->name() == wanted->name && job->lane() == wanted->lane;
    });
    if (old != before->end() && (*old)->options() == config->options) {
      if ((*old)->set_interval(config->interval, stretch)) ++changed;
      now->push_back(*old);
      continue;
    }
    ++(old == before->end() ? added : changed);
    now->push_back(make_job(*spec, *config, stretch));
  }
  const std::size_t kept = now->size() - added;
  const std::size_t removed = before->size() - kept;
  {
    const std::lock_guard lock(mutex_);
    jobs_ = now;
    is_applied_ = true;
  }
  note_off(loaded);
  start_lanes();
  for (std::size_t i = 0; i < kLanes; ++i) {
    Jobs of_lane;
    std::copy_if(now->begin(), now->end(), std::back_inserter(of_lane),
                 [i](const auto& job) { return index(job->lane()) == i; });
    lanes_[i]->set_jobs(std::move(of_lane));
  }
  return std::to_string(added) + " added, " + std::to_string(removed) + " removed, " +
         std::to_string(changed) + " changed, " + std::to_string(kept - changed) + " unchanged";
}

void Runner::run_once(const LoadedConfig& loaded) {
  auto now = std::make_shared<Jobs>();
  for (const auto& [spec, config] : wanted_jobs(loaded)) {
    now->push_back(make_job(*spec, *config, false));
  }
  // Rates and folds need a second sample.
  constexpr timespec kBetween{1, 0};
  for (const bool first : {true, false}) {
    for (const auto& job : *now) job->tick(monotonic_now_ns());
    if (first) ::clock_nanosleep(CLOCK_MONOTONIC, 0, &kBetween, nullptr);
  }
  note_off(loaded);
  const std::lock_guard lock(mutex_);
  jobs_ = now;
  is_applied_ = true;
}

bool Runner::stop(std::chrono::milliseconds patience) {
  const std::int64_t end = monotonic_now_ns() + std::chrono::nanoseconds(patience).count();
  for (const auto& lane : lanes_) {
    if (lane) lane->ask_to_stop();
  }
  bool all = true;
  for (auto& lane : lanes_) {
    if (!lane) continue;
    const std::chrono::nanoseconds left(std::max<std::int64_t>(0, end - monotonic_now_ns()));
    all &= lane->stop(std::chrono::duration_cast<std::chrono::milliseconds>(left));
  }
  return all;
}

void Runner::write_all(Families& out, const Selection& selection) {
  const auto all = jobs();
  struct Place {
    bool yields;
    std::uint64_t series;
    Job* job;
  };
  std::vector<Place> order;
  for (const auto& job : *all) {
    if (selection.contains(job->name())) {
      order.push_back({job->yields(), job->series(), job.get()});
    }
  }
  std::stable_sort(order.begin(), order.end(), [](const Place& a, const Place& b) {
    return a.yields != b.yields ? b.yields : a.series < b.series;
  });
  for (const Place& place : order) place.job->write(out);
}

void Runner::write_own(Families& out, const Selection& selection) {
  self_.write(out, *jobs(), selection);
}

std::vector<CollectorStatus> Runner::status() const {
  const auto all = jobs();
  std::vector<CollectorStatus> list;
  list.reserve(all->size());
  for (const auto& job : *all) list.push_back(job->status());
  return list;
}

// What is known and does not run, with the reason where it is not the configuration's own word.
void Runner::note_off(const LoadedConfig& loaded) {
  std::vector<CollectorStatus> off;
  const auto add = [&](const CollectorSpec& spec, const CollectorConfig& config, bool may_run,
                       const std::string& reason) {
    if (config.enabled && may_run) return;
    CollectorStatus status;
    status.name = spec.name;
    status.help = spec.help;
    status.lane = spec.lane;
    status.state = CollectorState::kOff;
    if (config.enabled) status.error = reason;
    off.push_back(std::move(status));
  };
  for (const CollectorSpec& spec : registered_collectors()) {
    const auto found = loaded.config.collectors.find(spec.name);
    if (found != loaded.config.collectors.end()) add(spec, found->second, true, {});
  }
  const std::string reason = "BPF is off: " + self_.bpf_off();
  for (const CollectorSpec& spec : loaded.tools) {
    const auto found = loaded.config.tools.find(spec.name);
    if (found == loaded.config.tools.end()) continue;
    add(spec, found->second, loaded.config.bpf.enabled, reason);
  }
  std::vector<std::string> names;
  names.reserve(off.size());
  for (const CollectorStatus& status : off) names.push_back(status.name);
  self_.set_off(names);
  const std::lock_guard lock(mutex_);
  off_ = std::move(off);
}

std::vector<CollectorStatus> Runner::off() const {
  const std::lock_guard lock(mutex_);
  return off_;
}

bool Runner::healthy() const {
  const std::int64_t now = monotonic_now_ns();
  for (const Lane lane : {Lane::kFast, Lane::kBpf}) {
    const auto& thread = lanes_[index(lane)];
    if (thread && thread->late(now) > kMostLate) return false;
  }
  return true;
}

bool Runner::ready() const {
  std::shared_ptr<const Jobs> all;
  {
    const std::lock_guard lock(mutex_);
    if (!is_applied_) return false;
    all = jobs_;
  }
  return std::all_of(all->begin(), all->end(),
                     [](const auto& job) { return job->has_ended_a_read(); });
}

}  // namespace kernstat
