// SPDX-License-Identifier: Apache-2.0
// One thread that reads its collectors when they are due.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "daemon/job.h"

namespace kernstat {

/// Reads every job whose time has come in one wake-up, then sleeps until the next. The thread
/// begins with the object; it inherits the signal mask and the capabilities of its maker.
class LaneThread {
 public:
  /// `name`: of the thread, up to 15 bytes. `begin` runs first on the thread; `first_pass` once,
  /// when all first jobs have been read.
  LaneThread(const std::string& name, std::function<void()> begin,
             std::function<void()> first_pass);
  ~LaneThread();
  LaneThread(const LaneThread&) = delete;
  LaneThread& operator=(const LaneThread&) = delete;
  LaneThread(LaneThread&&) = delete;
  LaneThread& operator=(LaneThread&&) = delete;

  /// Exchanges the jobs. Those that are gone are closed on the lane's thread after its current
  /// wake-up; new ones are read at once.
  void set_jobs(std::vector<std::shared_ptr<Job>> jobs);
  /// Asks the thread to end; returns at once.
  void ask_to_stop();
  /// True once the thread has ended, waiting up to `patience`. A thread that has not is detached
  /// together with what it uses.
  bool stop(std::chrono::milliseconds patience);

  /// How long the thread has been late: in the middle of one job, or behind its next one. Any
  /// thread.
  std::chrono::nanoseconds late(std::int64_t now) const;

 private:
  // What the thread uses: it outlives the object when the thread is stuck in the kernel.
  struct Shared {
    std::mutex mutex;
    std::condition_variable wake;
    std::condition_variable ended_signal;
    std::vector<std::shared_ptr<Job>> wanted;
    bool changed = false;
    std::atomic<bool> stop{false};
    bool ended = false;
    std::function<void()> begin;
    std::function<void()> first_pass;
    std::atomic<std::int64_t> expected_ns{0};  // when the thread should be back; 0: never
  };
  static void run(const std::shared_ptr<Shared>& shared);
  static void take_jobs(Shared& shared, std::vector<std::shared_ptr<Job>>& jobs);

  std::shared_ptr<Shared> shared_;
  std::thread thread_;
};

}  // namespace kernstat
