// SPDX-License-Identifier: Apache-2.0
// Keeps slow and idle connections from keeping others waiting.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "daemon/instruments.h"

namespace kernstat {

/// Each open connection holds a worker thread of the server, from its first byte on. The gate knows
/// them all, ends those that take longer than their stage may take, and, when workers get few, ends
/// the longest waiting connection of the peer that has most. Any thread.
class ConnectionGate {
 public:
  using Clock = std::chrono::steady_clock;

  struct Limits {
    std::size_t crowded = 32;                       ///< from so many connections on workers are few
    std::chrono::milliseconds head_deadline{3000};  ///< for a request's head; also idle time
    std::chrono::milliseconds reply_deadline{30'000};  ///< from the head to the end of the answer
    std::chrono::milliseconds head_grace{100};         ///< so long a head may take even in a crowd
    std::chrono::milliseconds reply_grace{1000};
  };
  /// The far end of a connection; with it a connection is found among the descriptors.
  struct Peer {
    std::string address;
    std::uint16_t port = 0;
  };
  /// Ends a connection so that its worker notices at once.
  using Cut = std::function<void(const Peer&)>;

  ConnectionGate(const Limits& limits, Instruments& instruments, Cut cut);
  ~ConnectionGate();
  ConnectionGate(const ConnectionGate&) = delete;
  ConnectionGate& operator=(const ConnectionGate&) = delete;
  ConnectionGate(ConnectionGate&&) = delete;
  ConnectionGate& operator=(ConnectionGate&&) = delete;

  /// A worker took a connection; `id` tells it from others that are open.
  void opened(const void* id, Peer peer);
  /// Its request's head is complete.
  void requested(const void* id);
  /// Its answer is sent.
  void answered(const void* id);
  /// It is about to be closed. When this returns, the gate does not touch it any more.
  void closing(const void* id);
  /// True while workers are few: then nothing should be kept open.
  bool crowded() const;
  /// Ends all connections.
  void cut_all();
  /// Cuts what is due at `now`. The gate's own thread calls this while there are connections.
  void enforce(Clock::time_point now);

 private:
  enum class Stage : std::uint8_t { kHead, kReply };
  struct Connection {
    const void* id;
    Peer peer;
    Stage stage = Stage::kHead;
    Clock::time_point since;
    bool cut = false;
  };

  void watch();
  void set_stage(const void* id, Stage stage);
  void enforce_locked(Clock::time_point now);
  Connection* in_the_way(Clock::time_point now);
  void cut(Connection& connection);
  std::size_t alive() const;

  const Limits limits_;
  Instruments& instruments_;
  const Cut cut_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Connection> connections_;
  bool stop_ = false;
  std::thread watcher_;  // last: starts when all else is there
};

}  // namespace kernstat
