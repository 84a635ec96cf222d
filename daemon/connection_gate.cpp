// SPDX-License-Identifier: Apache-2.0
#include "daemon/connection_gate.h"

#include <algorithm>

namespace kernstat {
namespace {

// Rarely enough that the few seconds for which a scraper's connection is kept cost nothing.
constexpr std::chrono::milliseconds kWatchCalm{5000};
constexpr std::chrono::milliseconds kWatchCrowded{25};

}  // namespace

ConnectionGate::ConnectionGate(const Limits& limits, Instruments& instruments, Hooks hooks)
    : limits_(limits), instruments_(instruments), hooks_(std::move(hooks)) {
  watcher_ = std::thread([this] { watch(); });
}

ConnectionGate::~ConnectionGate() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  changed_.notify_all();
  watcher_.join();
}

void ConnectionGate::opened() {
  const std::lock_guard lock(mutex_);
  ++open_;
  instruments_.connections.Set(static_cast<double>(open_));
  // The watcher sleeps for ever while there is nothing to watch, and lightly in a crowd.
  if (open_ == 1 || open_ == limits_.crowded) changed_.notify_all();
}

void ConnectionGate::closed() {
  const std::lock_guard lock(mutex_);
  if (open_ > 0) --open_;
  if (open_ == 0) seen_.clear();
  instruments_.connections.Set(static_cast<double>(open_));
}

void ConnectionGate::requested(const Peer& peer) {
  const std::lock_guard lock(mutex_);
  replies_.push_back({peer, std::nullopt});
}

void ConnectionGate::sending(const Peer& peer) {
  const std::lock_guard lock(mutex_);
  for (Reply& reply : replies_) {
    if (reply.peer == peer) reply.sent_since = Clock::now();
  }
}

void ConnectionGate::answered(const Peer& peer) {
  const std::lock_guard lock(mutex_);
  std::erase_if(replies_, [&](const Reply& reply) { return reply.peer == peer; });
}

bool ConnectionGate::crowded() const {
  const std::lock_guard lock(mutex_);
  return open_ >= limits_.crowded;
}

void ConnectionGate::cut_all() {
  const std::lock_guard lock(mutex_);
  for (const IncomingConnection& connection : hooks_.find()) hooks_.cut(connection);
}

std::size_t ConnectionGate::alive() const {
  return static_cast<std::size_t>(
      std::count_if(seen_.begin(), seen_.end(), [](const Seen& one) { return !one.cut; }));
}

void ConnectionGate::look(Clock::time_point now) {
  std::vector<Seen> found;
  for (IncomingConnection& connection : hooks_.find()) {
    const auto before = std::find_if(seen_.begin(), seen_.end(), [&](const Seen& one) {
      return one.connection.fd == connection.fd && one.connection.peer == connection.peer;
    });
    const auto reply = std::find_if(replies_.begin(), replies_.end(),
                                    [&](const Reply& one) { return one.peer == connection.peer; });
    Seen seen{std::move(connection), now, reply != replies_.end(), false, false};
    if (before != seen_.end()) {
      seen.cut = before->cut;
      if (!before->replying) seen.since = before->since;
    }
    if (seen.replying) {
      seen.since = reply->sent_since.value_or(now);
      seen.waits_for_us = !reply->sent_since;
    }
    found.push_back(std::move(seen));
  }
  seen_ = std::move(found);
}

// Connections of the same address that hold a worker for the peer's sake.
std::ptrdiff_t ConnectionGate::of_peer(const Seen& one) const {
  return std::count_if(seen_.begin(), seen_.end(), [&](const Seen& other) {
    return !other.cut && !other.waits_for_us &&
           other.connection.peer.address == one.connection.peer.address;
  });
}

ConnectionGate::Seen* ConnectionGate::in_the_way(Clock::time_point now) {
  // The peer with most, though all of its connections may be new: who comes again and again does
  // not drive out one that comes once.
  std::ptrdiff_t most = 0;
  for (const Seen& one : seen_) most = std::max(most, of_peer(one));
  Seen* chosen = nullptr;
  for (Seen& one : seen_) {
    const auto grace = one.replying ? limits_.reply_grace : limits_.head_grace;
    if (one.cut || now - one.since < grace || of_peer(one) < most) continue;
    // Who has not asked yet before who reads an answer; the longest.
    const bool worse =
        chosen == nullptr ||
        (one.replying != chosen->replying ? !one.replying : one.since < chosen->since);
    if (!worse || (!one.replying && hooks_.waits_for_us(one.connection))) continue;
    chosen = &one;
  }
  return chosen;
}

void ConnectionGate::enforce(Clock::time_point now) {
  const std::lock_guard lock(mutex_);
  look(now);
  for (Seen& one : seen_) {
    if (one.cut || !one.replying || now - one.since < limits_.reply_deadline) continue;
    one.cut = true;
    hooks_.cut(one.connection);
    instruments_.cut_slow.Increment();
  }
  while (alive() > limits_.crowded) {
    Seen* const one = in_the_way(now);
    if (one == nullptr) return;
    one->cut = true;
    hooks_.cut(one->connection);
    instruments_.cut_crowded.Increment();
  }
}

void ConnectionGate::watch() {
  if (hooks_.on_thread) hooks_.on_thread();
  std::unique_lock lock(mutex_);
  while (!stop_) {
    if (open_ == 0) {
      changed_.wait(lock);
      continue;
    }
    const bool crowd = open_ >= limits_.crowded;
    if (changed_.wait_for(lock, crowd ? kWatchCrowded : kWatchCalm) == std::cv_status::no_timeout &&
        open_ < limits_.crowded) {
      continue;
    }
    if (stop_ || open_ == 0) continue;
    lock.unlock();
    enforce(Clock::now());
    lock.lock();
  }
}

}  // namespace kernstat
