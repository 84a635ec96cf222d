// SPDX-License-Identifier: Apache-2.0
#include "daemon/lane.h"

#include <pthread.h>

#include <algorithm>
#include <limits>
#include <utility>

namespace kernstat {
namespace {

using Clock = std::chrono::steady_clock;  // CLOCK_MONOTONIC

Clock::time_point time_point(std::int64_t ns) { return Clock::time_point(Clock::duration(ns)); }

std::int64_t earliest(const std::vector<std::shared_ptr<Job>>& jobs) {
  std::int64_t due = std::numeric_limits<std::int64_t>::max();
  for (const auto& job : jobs) due = std::min(due, job->due_ns());
  return due;
}

}  // namespace

LaneThread::LaneThread(const std::string& name, std::function<void()> begin,
                       std::function<void()> first_pass)
    : shared_(std::make_shared<Shared>()) {
  shared_->begin = std::move(begin);
  shared_->first_pass = std::move(first_pass);
  thread_ = std::thread([shared = shared_] { run(shared); });
  pthread_setname_np(thread_.native_handle(), name.c_str());
}

LaneThread::~LaneThread() { stop(std::chrono::milliseconds(500)); }

void LaneThread::set_jobs(std::vector<std::shared_ptr<Job>> jobs) {
  const std::lock_guard lock(shared_->mutex);
  shared_->wanted = std::move(jobs);
  shared_->changed = true;
  shared_->wake.notify_one();
}

void LaneThread::ask_to_stop() {
  const std::lock_guard lock(shared_->mutex);
  shared_->stop = true;
  shared_->wake.notify_one();
}

bool LaneThread::stop(std::chrono::milliseconds patience) {
  if (!thread_.joinable()) return true;
  ask_to_stop();
  std::unique_lock lock(shared_->mutex);
  const bool ended = shared_->ended_signal.wait_until(lock, Clock::now() + patience,
                                                      [&] { return shared_->ended; });
  lock.unlock();
  if (ended) {
    thread_.join();
  } else {
    thread_.detach();
  }
  return ended;
}

std::chrono::nanoseconds LaneThread::late(std::int64_t now) const {
  const std::int64_t expected = shared_->expected_ns.load(std::memory_order_relaxed);
  return std::chrono::nanoseconds(expected == 0 ? 0 : std::max<std::int64_t>(0, now - expected));
}

// Called with the lock held.
void LaneThread::take_jobs(Shared& shared, std::vector<std::shared_ptr<Job>>& jobs) {
  shared.changed = false;
  for (const auto& job : jobs) {
    if (std::find(shared.wanted.begin(), shared.wanted.end(), job) == shared.wanted.end()) {
      job->close();
    }
  }
  jobs = shared.wanted;
  const std::int64_t now = monotonic_now_ns();
  for (const auto& job : jobs) job->adopt_interval(now);
}

void LaneThread::run(const std::shared_ptr<Shared>& shared) {
  if (shared->begin) shared->begin();
  std::vector<std::shared_ptr<Job>> jobs;
  bool taken = false;
  bool passed = false;
  std::unique_lock lock(shared->mutex);
  while (!shared->stop) {
    if (shared->changed) {
      take_jobs(*shared, jobs);
      taken = true;
    }
    const std::int64_t due = earliest(jobs);
    const std::int64_t now = monotonic_now_ns();
    if (due > now && taken && !std::exchange(passed, true) && shared->first_pass) {
      lock.unlock();
      shared->first_pass();
      lock.lock();
      continue;
    }
    if (due > now) {
      const auto interrupted = [&] { return shared->stop || shared->changed; };
      shared->expected_ns.store(jobs.empty() ? 0 : due, std::memory_order_relaxed);
      if (jobs.empty()) {
        shared->wake.wait(lock, interrupted);
      } else {
        shared->wake.wait_until(lock, time_point(due), interrupted);
      }
      continue;
    }
    lock.unlock();
    for (const auto& job : jobs) {
      if (shared->stop) break;
      if (job->due_ns() > now) continue;
      const std::int64_t start = monotonic_now_ns();
      shared->expected_ns.store(start, std::memory_order_relaxed);
      job->tick(start);
    }
    lock.lock();
  }
  lock.unlock();
  for (const auto& job : jobs) job->close();
  lock.lock();
  shared->wanted.clear();
  shared->ended = true;
  shared->ended_signal.notify_all();
}

}  // namespace kernstat
