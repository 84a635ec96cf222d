// SPDX-License-Identifier: Apache-2.0
// What the main thread waits for.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>

#include "collectors/support/fd.h"
#include "collectors/support/result.h"

namespace kernstat {

/// Signals, and requests of other threads to read the configuration again.
class Events {
 public:
  enum class Kind : std::uint8_t { kTimeout, kStop, kReload };

  /// Blocks SIGTERM, SIGINT and SIGHUP in the calling thread, and so in those that it makes later,
  /// and ignores SIGPIPE. To be called before any thread is made.
  static Result<void> block_signals();
  /// Begins to listen. Fails when the system is out of descriptors.
  Result<void> open();

  /// Main thread: the next event, or kTimeout after `timeout` (none: waits for ever).
  Kind wait(std::optional<std::chrono::milliseconds> timeout);
  /// Main thread: answers everybody who asked for the reload that is now over.
  void answer(const Result<void>& outcome);

  /// Any other thread: asks the main thread to reload and waits for the outcome, 10 s at most.
  Result<void> request_reload();

 private:
  Fd signals_;
  Fd wake_;
  std::mutex mutex_;
  std::condition_variable answered_;
  std::uint64_t asked_ = 0;
  std::uint64_t begun_ = 0;
  std::uint64_t done_ = 0;
  Result<void> outcome_;
};

}  // namespace kernstat
