// SPDX-License-Identifier: Apache-2.0
#include "collectors/bpf/tool.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <algorithm>
#include <ctime>
#include <utility>

#include "collectors/bpf/tool_live.h"

namespace kernstat::bpf {
namespace {

constexpr std::int64_t kRetrySystemNs = 30'000'000'000;
constexpr std::int64_t kRetryNs = 300'000'000'000;
constexpr std::size_t kMostIteratorBytes = std::size_t{64} << 20;

// bpf_ktime_get_ns() of the kernel side.
std::int64_t monotonic_now() {
  timespec time{};
  ::clock_gettime(CLOCK_MONOTONIC, &time);
  return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

double thread_cpu_seconds() {
  timespec time{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

}  // namespace

Tool::Tool(std::shared_ptr<const ToolFiles> files, std::shared_ptr<Engine> engine,
           Parameters parameters, double budget, std::uint32_t max_series)
    : files_(std::move(files)),
      engine_(std::move(engine)),
      parameters_(std::move(parameters)),
      max_series_(max_series),
      memory_(memory_of(*files_, max_series)),
      budget_(budget),
      next_(files_->plan.metrics.size()),
      latest_(files_->plan.metrics.size()) {
  // Tools that run by default were counted when they were found.
  if (files_->spec.enabled) engine_->memory_remove(files_->wanted_memory);
  engine_->memory_add(memory_);
  for (const PlannedMetric& metric : files_->plan.metrics) {
    renderers_.push_back(metric.hist ? std::make_unique<HistRenderer>(*metric.hist) : nullptr);
  }
  describe();
}

Tool::~Tool() {
  engine_->memory_remove(memory_);
  if (files_->spec.enabled) engine_->memory_add(files_->wanted_memory);
}

Result<void> Tool::check_budget(std::int64_t now_ns) {
  if (!live_->costs) return {};
  const auto read = live_->cost_scan->read(live_->cost_rows);
  if (!read) return read;
  live_->costs->update(live_->cost_rows);
  // A walk costs more than its programs: the kernel goes over its tables, empty or not.
  const double seconds = live_->costs->seconds() + walk_seconds_;
  if (is_shed_) {
    if (!budget_.may_resume(now_ns)) {
      return fail(ErrorKind::kShed, "shed: it cost more than its budget and is tried again later");
    }
    const auto attached = attach_again(*live_->tool, files_->spec, *engine_);
    if (!attached) return attached;
    is_shed_ = false;
    budget_.resume(seconds, now_ns);
    describe();
    return {};
  }
  if (!budget_.exceeded(seconds, now_ns)) return {};
  detach(*live_->tool);
  budget_.shed(now_ns);
  is_shed_ = true;
  ++shed_count_;
  describe();
  return fail(ErrorKind::kShed, "shed: it cost " + std::to_string(budget_.last_share() * 100) +
                                    " % of one CPU and may cost " +
                                    std::to_string(budget_.share() * 100) + " %; tried again in " +
                                    std::to_string(budget_.back_off_ns() / 1'000'000'000) + " s");
}

// Hooks that wait for a variable of the programs to be set.
void Tool::attach_waiting() {
  bool any = false;
  Object& object = live_->tool->object;
  for (Hook& hook : live_->tool->hooks) {
    if (hook.spec.when.empty() || !hook.available() || !hook.links.empty()) continue;
    if (object.variable(hook.spec.when) == 0) continue;
    const auto attached = attach(hook, object, files_->spec, engine_->host());
    if (!attached) pass_over(hook, object, attached.error());
    any = true;
  }
  if (any) describe();
}

Result<void> Tool::read_sources(std::int64_t now_ns, std::uint64_t epoch) {
  std::vector<std::byte>& output = live_->output;
  for (const auto& state : live_->sources) {
    const Source& source = *state->source;
    if (!source.iterator.empty()) {
      if (state->scan) {
        const auto cleared = state->scan->clear(state->rows, state->first_keys);
        if (!cleared) return cleared;
      }
      output.clear();
      const ProgramSpec* where = files_->spec.program(source.iterator);
      for (const Hook& hook : live_->tool->hooks) {
        const auto link = hook.link_of(source.iterator);
        if (link == nullptr) continue;
        const double begin = thread_cpu_seconds();
        const auto pass = live_->iterators.run(link, where != nullptr && where->all_namespaces,
                                               engine_->host(), output, kMostIteratorBytes);
        walk_seconds_ += thread_cpu_seconds() - begin;
        if (!pass) return pass;
      }
    }
    const auto read =
        state->scan ? state->scan->read(state->rows) : parse_records(output, source, state->rows);
    if (!read) return read;
    state->book->update(state->rows, engine_->names(), epoch, now_ns,
                        [&](std::span<const std::byte> key, std::vector<std::uint64_t>& last) {
                          return state->scan && state->scan->take(key, last);
                        });
  }
  return {};
}

void Tool::sweep(std::int64_t now_ns) {
  const std::int64_t clock = monotonic_now();
  for (const auto& state : live_->in_flight) {
    if (now_ns < state->next_ns) continue;
    const std::int64_t age = state->map->sweep.count() * 1'000'000;
    state->next_ns = now_ns + std::min<std::int64_t>(age / 4, 10'000'000'000);
    if (!state->scan.read(state->rows)) continue;
    for (std::size_t i = 0; i < state->rows.count; ++i) {
      const auto since = static_cast<std::int64_t>(state->rows.value(i)[0]);
      if (clock - since > age && state->scan.remove(state->rows.key(i))) ++state->swept;
    }
  }
}

Result<void> Tool::read(const Tick& tick) {
  const std::int64_t now = tick.monotonic_ns;
  const std::uint64_t epoch = engine_->tick(now);
  if (!live_) {
    if (load_error_ && now < retry_ns_) return fail(*load_error_);
    const auto loaded = load(now);
    if (!loaded) {
      load_error_ = loaded.error();
      retry_ns_ = now + (load_error_->kind == ErrorKind::kSystem ? kRetrySystemNs : kRetryNs);
      describe();
      return fail(loaded.error());
    }
    load_error_.reset();
    describe();
  }
  const auto budget = check_budget(now);
  if (!budget) {
    count();
    return budget;
  }
  const auto variables = live_->tool->object.read_variables();
  if (!variables) return variables;
  attach_waiting();
  const double begin = thread_cpu_seconds();
  live_->follower.follow(*live_->tool, files_->spec, engine_->host(), now);
  walk_seconds_ += thread_cpu_seconds() - begin;
  const auto read = read_sources(now, epoch);
  if (!read) return read;
  sweep(now);
  for (std::size_t i = 0; i < next_.size(); ++i) {
    const PlannedMetric& metric = files_->plan.metrics[i];
    live_->sources[metric.source]->book->show(metric.view, next_[i]);
  }
  count();
  return {};
}

void Tool::publish() { std::swap(next_, latest_); }

void Tool::write(Families& out, bool current) const {
  for (std::size_t i = 0; current && i < latest_.size(); ++i) {
    const PlannedMetric& metric = files_->plan.metrics[i];
    const Shown& shown = latest_[i];
    out.family({metric.name, metric.type, metric.help});
    for (const Shown::Series& series : shown.series) {
      const std::uint64_t* words = shown.words.data() + series.offset;
      if (metric.hist) {
        out.histogram(*series.labels, renderers_[i]->render({words, metric.hist->words()}));
      } else if (metric.is_signed) {
        out.sample(*series.labels,
                   static_cast<double>(static_cast<std::int64_t>(*words)) * metric.scale);
      } else if (metric.scale == 1) {
        out.sample(*series.labels, *words);
      } else {
        out.sample(*series.labels, static_cast<double>(*words) * metric.scale);
      }
    }
  }
  const std::lock_guard lock(status_mutex_);
  write_status(status_, out);
}

}  // namespace kernstat::bpf
