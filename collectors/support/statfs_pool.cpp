// SPDX-License-Identifier: Apache-2.0
#include "collectors/support/statfs_pool.h"

#include <pthread.h>

#include <algorithm>
#include <cerrno>
#include <chrono>

namespace kernstat {
namespace {

// Enough for the system call, a few small frames, and what sanitizers add.
constexpr std::size_t kStackSize = std::size_t{256} << 10;
constexpr std::chrono::seconds kIdleTime{20};
// A probe that takes longer than this gets no other one waiting behind it.
constexpr std::chrono::milliseconds kSlow{10};

}  // namespace

StatfsPool& StatfsPool::shared() {
  // Stuck threads use it until the process ends, after static objects have been destroyed.
  static auto* const kPool = new StatfsPool;
  return *kPool;
}

std::shared_ptr<StatfsProbe> StatfsPool::ask(const std::shared_ptr<StatfsProbe>& probe) {
  const std::lock_guard lock(mutex_);
  using State = StatfsProbe::State;
  if (probe->state_ == State::kQueued || probe->state_ == State::kRunning) return probe;
  const auto stuck = std::find_if(running_.begin(), running_.end(), [&](const auto& other) {
    return other->mount_ == probe->mount_ && other->path_ == probe->path_;
  });
  if (stuck != running_.end()) return *stuck;
  probe->state_ = State::kQueued;
  queue_.push_back(probe);
  if (threads_ == 0) start_thread();
  asked_.notify_one();
  return probe;
}

void StatfsPool::wait(std::span<const std::shared_ptr<StatfsProbe>> probes,
                      std::int64_t patience_ns) {
  using State = StatfsProbe::State;
  const auto end = std::chrono::steady_clock::now() + std::chrono::nanoseconds(patience_ns);
  const auto all_answered = [&] {
    return std::all_of(probes.begin(), probes.end(), [](const auto& probe) {
      return probe->state_ == State::kDone || probe->state_ == State::kIdle;
    });
  };
  std::unique_lock lock(mutex_);
  while (!all_answered()) {
    const auto now = std::chrono::steady_clock::now();
    if (now >= end) return;
    const std::size_t queued = queue_.size();
    answered_.wait_until(lock, std::min(now + kSlow, end));
    if (!queue_.empty() && queue_.size() == queued && idle_ == 0) start_thread();
  }
}

void StatfsPool::cancel(const StatfsProbe& probe) {
  const std::lock_guard lock(mutex_);
  std::erase_if(queue_, [&](const auto& queued) {
    if (queued.get() != &probe) return false;
    queued->state_ = StatfsProbe::State::kIdle;
    return true;
  });
}

StatfsPool::Progress StatfsPool::take(StatfsProbe& probe, int& error, struct statfs& result) {
  const std::lock_guard lock(mutex_);
  switch (probe.state_) {
    case StatfsProbe::State::kIdle:
      return Progress::kIdle;
    case StatfsProbe::State::kQueued:
      return Progress::kWaiting;
    case StatfsProbe::State::kRunning:
      return Progress::kRunning;
    case StatfsProbe::State::kDone:
      break;
  }
  probe.state_ = StatfsProbe::State::kIdle;
  error = probe.error_;
  result = probe.result_;
  return Progress::kAnswered;
}

std::size_t StatfsPool::threads() const {
  const std::lock_guard lock(mutex_);
  return threads_;
}

// Under the lock.
void StatfsPool::start_thread() {
  if (threads_ == kMaxThreads) return;
  pthread_attr_t attributes;
  if (::pthread_attr_init(&attributes) != 0) return;
  ::pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  ::pthread_attr_setstacksize(&attributes, kStackSize);
  pthread_t thread{};
  // Without a thread the probes stay in the queue, and the next wait() tries again.
  if (::pthread_create(&thread, &attributes, thread_main, this) == 0) {
    ::pthread_setname_np(thread, "statfs");
    ++threads_;
  }
  ::pthread_attr_destroy(&attributes);
}

void* StatfsPool::thread_main(void* pool) {
  static_cast<StatfsPool*>(pool)->work();
  return nullptr;
}

void StatfsPool::work() {
  std::unique_lock lock(mutex_);
  for (;;) {
    ++idle_;
    const bool more = asked_.wait_for(lock, kIdleTime, [this] { return !queue_.empty(); });
    --idle_;
    if (!more) break;
    std::shared_ptr<StatfsProbe> probe = std::move(queue_.front());
    queue_.erase(queue_.begin());
    probe->state_ = StatfsProbe::State::kRunning;
    running_.push_back(probe);
    lock.unlock();
    struct statfs result {};
    int error = 0;
    do {
      error = ::statfs(probe->path_.c_str(), &result) == 0 ? 0 : errno;
    } while (error == EINTR);
    lock.lock();
    probe->result_ = result;
    probe->error_ = error;
    probe->state_ = StatfsProbe::State::kDone;
    running_.erase(std::find(running_.begin(), running_.end(), probe));
    answered_.notify_all();
  }
  --threads_;
}

}  // namespace kernstat
