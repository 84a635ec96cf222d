// SPDX-License-Identifier: Apache-2.0
#include "daemon/job.h"

#include <algorithm>
#include <ctime>
#include <exception>
#include <utility>

namespace kernstat {
namespace {

// A source that is not there, or that is forbidden, seldom appears: looking for it costs more than
// reading one that is.
constexpr std::chrono::nanoseconds kRareRetry = std::chrono::seconds(30);

std::int64_t thread_cpu_ns() {
  timespec now{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return now.tv_sec * std::int64_t{1'000'000'000} + now.tv_nsec;
}

double unix_seconds() {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

CollectorState state_of(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kAbsent:
      return CollectorState::kUnsupported;
    case ErrorKind::kDenied:
      return CollectorState::kDenied;
    case ErrorKind::kShed:
      return CollectorState::kShed;
    case ErrorKind::kInvalid:
    case ErrorKind::kSystem:
      break;
  }
  return CollectorState::kFailed;
}

}  // namespace

std::string_view state_name(CollectorState state) {
  switch (state) {
    case CollectorState::kStarting:
      return "starting";
    case CollectorState::kOk:
      return "ok";
    case CollectorState::kUnsupported:
      return "unsupported";
    case CollectorState::kDenied:
      return "denied";
    case CollectorState::kFailed:
      return "failed";
    case CollectorState::kShed:
      return "shed";
    case CollectorState::kOff:
      return "off";
  }
  return "unknown";
}

bool Selection::contains(std::string_view name) const {
  const auto in = [&](const std::vector<std::string>& list) {
    return std::find(list.begin(), list.end(), name) != list.end();
  };
  return (only.empty() || in(only)) && !in(except);
}

Job::Job(Setup setup)
    : setup_(std::move(setup)),
      labels_("collector", setup_.spec.name),
      stretch_(setup_.interval),
      stretches_(setup_.stretch),
      interval_(setup_.interval),
      effective_(setup_.interval),
      wanted_interval_(setup_.interval),
      wanted_stretch_(setup_.stretch) {}

void Job::tick(std::int64_t now) {
  const std::int64_t cpu_start = thread_cpu_ns();
  const Result<void> outcome = make_and_read({now, effective_.count()});
  settle(outcome, now, cpu_start);
  plan_next(now);
}

// The border at which a library's exception stops: one collector must not end the others.
Result<void> Job::make_and_read(const Tick& tick) {
  try {
    if (!collector_) {
      auto made = setup_.spec.make(setup_.host, setup_.options);
      if (!made) return fail(made.error());
      const std::lock_guard lock(mutex_);
      collector_ = std::move(*made);
    }
    return collector_->read(tick);
  } catch (const std::exception& error) {
    return fail(ErrorKind::kSystem, std::string("a library gave up: ") + error.what());
  } catch (...) {
    return fail(ErrorKind::kSystem, "a library gave up without a reason");
  }
}

void Job::settle(const Result<void>& outcome, std::int64_t start, std::int64_t cpu_start) {
  CollectorState before{};
  CollectorState now = CollectorState::kOk;
  bool other_problem = false;
  {
    const std::lock_guard lock(mutex_);
    if (outcome) {
      collector_->publish();
      has_sample_ = true;
      last_success_seconds_ = unix_seconds();
      last_success_ns_ = start;
      const std::string_view problem = collector_->problem();
      other_problem = problem != error_;
      error_ = problem;
    } else {
      now = state_of(outcome.error().kind);
      ++failures_;
      error_ = outcome.error().message;
    }
    const std::chrono::nanoseconds cpu(thread_cpu_ns() - cpu_start);
    cpu_ += cpu;
    last_duration_ = std::chrono::nanoseconds(setup_.clock() - start);
    before = std::exchange(state_, now);
    // The first read opens and allocates what later ones only use.
    const bool usual = outcome && before == CollectorState::kOk;
    if (stretches_ && usual) stretch_.count(cpu);
    effective_ = stretches_ ? stretch_.interval() : std::chrono::nanoseconds(interval_);
    if (now == CollectorState::kUnsupported || now == CollectorState::kDenied) {
      effective_ = std::max(effective_, kRareRetry);
    }
    ++ticks_;
  }
  // error_ is written by this thread only.
  if ((before != now || other_problem) && setup_.log) setup_.log(name(), before, now, error_);
}

void Job::plan_next(std::int64_t now) {
  const std::int64_t interval = effective_.count();
  const std::int64_t after = setup_.clock();
  // Points that passed during the read are missed. The first read is off the grid: the point right
  // behind it would give a step too short to say anything.
  const bool first = due_ == 0;
  const std::int64_t regular = Grid::next(first ? now + interval / 2 : now, interval, setup_.phase);
  const std::int64_t next = std::max(regular, Grid::next(after, interval, setup_.phase));
  // A late start misses points as well.
  std::int64_t missed = (next - regular) / interval;
  if (!first && now - due_ >= interval) missed += (now - due_) / interval;
  due_ = next;
  if (missed <= 0) return;
  const std::lock_guard lock(mutex_);
  missed_ += static_cast<std::uint64_t>(missed);
}

bool Job::set_interval(std::chrono::milliseconds interval, bool stretch) {
  const std::lock_guard lock(mutex_);
  const bool other = wanted_interval_ != interval || wanted_stretch_ != stretch;
  wanted_interval_ = interval;
  wanted_stretch_ = stretch;
  return other;
}

void Job::adopt_interval(std::int64_t now) {
  const std::lock_guard lock(mutex_);
  if (interval_ == wanted_interval_ && stretches_ == wanted_stretch_) return;
  interval_ = wanted_interval_;
  stretches_ = wanted_stretch_;
  stretch_ = Stretch(interval_);
  effective_ = interval_;
  if (due_ != 0) due_ = Grid::next(now, effective_.count(), setup_.phase);
}

void Job::close() {
  std::unique_ptr<Collector> last;
  const std::lock_guard lock(mutex_);
  last = std::move(collector_);
}

void Job::write(Families& out) {
  const std::lock_guard lock(mutex_);
  series_ = 0;
  written_.reset();
  if (!collector_) return;
  const std::size_t before = out.said();
  collector_->write(out, state_ == CollectorState::kOk);
  series_ = out.said() - before;
  written_ = figures_now();
}

std::uint64_t Job::series() const {
  const std::lock_guard lock(mutex_);
  return series_;
}

bool Job::has_ended_a_read() const {
  const std::lock_guard lock(mutex_);
  return ticks_ > 0;
}

JobFigures Job::figures() const {
  const std::lock_guard lock(mutex_);
  return figures_now();
}

JobFigures Job::written_figures() const {
  const std::lock_guard lock(mutex_);
  return written_.value_or(figures_now());
}

JobFigures Job::figures_now() const {
  const auto seconds = [](std::chrono::nanoseconds ns) {
    return static_cast<double>(ns.count()) / 1e9;
  };
  JobFigures figures;
  figures.state = state_;
  figures.interval_seconds = seconds(effective_);
  figures.duration_seconds = seconds(last_duration_);
  figures.cpu_seconds = seconds(cpu_);
  figures.last_success_seconds = last_success_seconds_;
  figures.has_sample = has_sample_;
  if (has_sample_) {
    figures.sample_age_seconds = static_cast<double>(setup_.clock() - last_success_ns_) / 1e9;
  }
  figures.ticks = ticks_;
  figures.missed = missed_;
  figures.failures = failures_;
  figures.series = series_;
  return figures;
}

CollectorStatus Job::status() const {
  const JobFigures now = figures();
  CollectorStatus status;
  status.name = setup_.spec.name;
  status.help = setup_.spec.help;
  status.lane = setup_.spec.lane;
  status.state = now.state;
  status.last_success_seconds = now.last_success_seconds;
  status.sample_age_seconds = now.sample_age_seconds;
  status.ticks = now.ticks;
  status.missed = now.missed;
  status.failures = now.failures;
  status.series = now.series;
  const std::lock_guard lock(mutex_);
  status.error = error_;
  status.interval = interval_;
  status.effective_interval = std::chrono::duration_cast<std::chrono::milliseconds>(effective_);
  status.last_duration = last_duration_;
  return status;
}

}  // namespace kernstat
