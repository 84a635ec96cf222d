// SPDX-License-Identifier: Apache-2.0
// Keeps slow and idle connections from keeping others waiting.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "daemon/instruments.h"
#include "daemon/sockets.h"

namespace kernstat {

/// Each connection that has sent anything holds a worker thread of the server. When workers get
/// few, the gate ends the longest waiting connections of the peer that has most of them; and at any
/// time those that read their answer too slowly. (Heads that do not come are the server's to end.)
/// Any thread.
///
/// The server does not say which connections it has before their requests are complete: the gate
/// looks for them itself, in its own thread, in a crowd and else rarely.
class ConnectionGate {
 public:
  using Clock = std::chrono::steady_clock;

  struct Limits {
    std::size_t crowded = 32;  ///< more connections than this are a crowd: workers are few
    std::chrono::milliseconds head_grace{250};  ///< so long a head may take even in a crowd
    std::chrono::milliseconds reply_grace{1000};
    std::chrono::milliseconds reply_deadline{30'000};  ///< so long the answer may take to be sent
  };
  struct Hooks {
    std::function<void()> on_thread;  ///< called first on the gate's thread
    std::function<std::vector<IncomingConnection>()> find;
    std::function<bool(const IncomingConnection&)> waits_for_us;
    std::function<void(const IncomingConnection&)> cut;
  };

  ConnectionGate(const Limits& limits, Instruments& instruments, Hooks hooks);
  ~ConnectionGate();
  ConnectionGate(const ConnectionGate&) = delete;
  ConnectionGate& operator=(const ConnectionGate&) = delete;
  ConnectionGate(ConnectionGate&&) = delete;
  ConnectionGate& operator=(ConnectionGate&&) = delete;

  /// A worker took a connection, or closes one.
  void opened();
  void closed();
  /// A request is complete; its answer is made and begins to be sent; it has been sent. Who waits
  /// for the daemon is not slow: time counts from sending() on.
  void requested(const Peer& peer);
  void sending(const Peer& peer);
  void answered(const Peer& peer);
  /// True while workers are few: then nothing should be kept open.
  bool crowded() const;
  /// Ends all connections.
  void cut_all();
  /// Looks at the connections, and cuts what is due at `now`. The gate's thread does this.
  void enforce(Clock::time_point now);

 private:
  struct Seen {
    IncomingConnection connection;
    Clock::time_point since;  // first seen, or when its answer began to be sent
    bool replying = false;
    bool cut = false;
    bool waits_for_us = false;  // its answer is being made
  };
  struct Reply {
    Peer peer;
    std::optional<Clock::time_point> sent_since;
  };

  void watch();
  void look(Clock::time_point now);
  Seen* in_the_way(Clock::time_point now);
  std::ptrdiff_t of_peer(const Seen& one) const;
  std::size_t alive() const;

  const Limits limits_;
  Instruments& instruments_;
  const Hooks hooks_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::size_t open_ = 0;
  std::vector<Reply> replies_;
  std::vector<Seen> seen_;
  bool stop_ = false;
  std::thread watcher_;  // last: starts when all else is there
};

}  // namespace kernstat
