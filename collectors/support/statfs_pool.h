// SPDX-License-Identifier: Apache-2.0
// statfs(2) on mounts that may never answer.
#pragma once

#include <sys/vfs.h>

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

namespace kernstat {

/// One question about one mount, asked again and again. Shared with the thread that may be stuck in
/// it; its members belong to the pool's lock.
class StatfsProbe {
 public:
  StatfsProbe(std::uint64_t mount, std::string path) : mount_(mount), path_(std::move(path)) {}

 private:
  friend class StatfsPool;
  enum class State : std::uint8_t { kIdle, kQueued, kRunning, kDone };

  const std::uint64_t mount_;
  const std::string path_;
  State state_ = State::kIdle;
  int error_ = 0;
  struct statfs result_ {};
};

/// The threads of the whole process that ask. They are few (eight at most), made when needed, and
/// end when idle. A thread that is stuck in a hung mount is never waited for, not even at exit: it
/// holds nothing but its probe. Any thread.
///
/// What the kernel does not allow: a thread that waits for a FUSE server which has taken its
/// question and does not answer cannot be killed (fs/fuse/dev.c, request_wait_answer). A daemon
/// that ends then has closed everything and serves no more, but stays as a zombie until the server
/// answers or its connection is aborted.
class StatfsPool {
 public:
  static constexpr std::size_t kMaxThreads = 8;

  /// The pool of the process. Never destroyed.
  static StatfsPool& shared();

  /// Puts `probe` in the queue, unless it is there or runs. When an earlier probe is still stuck in
  /// the same mount under the same path, nothing is queued and that one is returned instead of
  /// `probe`: a mount holds at most one thread.
  std::shared_ptr<StatfsProbe> ask(const std::shared_ptr<StatfsProbe>& probe);
  /// Waits until all of `probes` are answered, at most `patience_ns`; starts further threads while
  /// probes wait behind slow ones.
  void wait(std::span<const std::shared_ptr<StatfsProbe>> probes, std::int64_t patience_ns);
  /// Takes a probe that has not begun out of the queue.
  void cancel(const StatfsProbe& probe);

  enum class Progress : std::uint8_t {
    kIdle,      ///< not asked, or its answer has been taken
    kWaiting,   ///< no thread was free yet
    kRunning,   ///< no answer yet
    kAnswered,  ///< the answer has been taken now
  };
  /// How `probe` fares; takes its answer: `error` is 0 or an errno.
  Progress take(StatfsProbe& probe, int& error, struct statfs& result);

  std::size_t threads() const;

 private:
  static void* thread_main(void* pool);
  void work();
  void start_thread();

  mutable std::mutex mutex_;
  std::condition_variable asked_;
  std::condition_variable answered_;
  std::vector<std::shared_ptr<StatfsProbe>> queue_;
  std::vector<std::shared_ptr<StatfsProbe>> running_;
  std::size_t threads_ = 0;
  std::size_t idle_ = 0;
};

}  // namespace kernstat
