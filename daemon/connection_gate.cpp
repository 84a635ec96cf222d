// SPDX-License-Identifier: Apache-2.0
#include "daemon/connection_gate.h"

#include <algorithm>

namespace kernstat {
namespace {

constexpr std::chrono::milliseconds kWatchCalm{500};
constexpr std::chrono::milliseconds kWatchCrowded{25};

}  // namespace

ConnectionGate::ConnectionGate(const Limits& limits, Instruments& instruments, Cut cut)
    : limits_(limits), instruments_(instruments), cut_(std::move(cut)) {
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

std::size_t ConnectionGate::alive() const {
  return static_cast<std::size_t>(std::count_if(connections_.begin(), connections_.end(),
                                                [](const Connection& c) { return !c.cut; }));
}

void ConnectionGate::opened(const void* id, Peer peer) {
  const std::lock_guard lock(mutex_);
  const auto now = Clock::now();
  connections_.push_back({id, std::move(peer), Stage::kHead, now, false});
  instruments_.connections.Set(static_cast<double>(connections_.size()));
  enforce_locked(now);
  // The watcher sleeps without a time limit while there is nothing to watch, and lightly in a
  // crowd.
  if (connections_.size() == 1 || connections_.size() >= limits_.crowded) changed_.notify_all();
}

void ConnectionGate::set_stage(const void* id, Stage stage) {
  const std::lock_guard lock(mutex_);
  for (Connection& connection : connections_) {
    if (connection.id != id) continue;
    connection.stage = stage;
    connection.since = Clock::now();
  }
}

void ConnectionGate::requested(const void* id) { set_stage(id, Stage::kReply); }
void ConnectionGate::answered(const void* id) { set_stage(id, Stage::kHead); }

void ConnectionGate::closing(const void* id) {
  const std::lock_guard lock(mutex_);
  std::erase_if(connections_, [id](const Connection& c) { return c.id == id; });
  instruments_.connections.Set(static_cast<double>(connections_.size()));
}

bool ConnectionGate::crowded() const {
  const std::lock_guard lock(mutex_);
  return alive() >= limits_.crowded;
}

void ConnectionGate::cut(Connection& connection) {
  connection.cut = true;
  cut_(connection.peer);
}

void ConnectionGate::cut_all() {
  const std::lock_guard lock(mutex_);
  for (Connection& connection : connections_) {
    if (!connection.cut) cut(connection);
  }
}

ConnectionGate::Connection* ConnectionGate::in_the_way(Clock::time_point now) {
  Connection* chosen = nullptr;
  std::ptrdiff_t chosen_count = 0;
  for (Connection& one : connections_) {
    const auto grace = one.stage == Stage::kHead ? limits_.head_grace : limits_.reply_grace;
    if (one.cut || now - one.since < grace) continue;
    const auto count = std::count_if(
        connections_.begin(), connections_.end(),
        [&](const Connection& c) { return !c.cut && c.peer.address == one.peer.address; });
    // Of the peer with most; who has not asked yet before who waits for an answer; the longest.
    const bool worse =
        chosen == nullptr || count > chosen_count ||
        (count == chosen_count &&
         (one.stage != chosen->stage ? one.stage == Stage::kHead : one.since < chosen->since));
    if (!worse) continue;
    chosen = &one;
    chosen_count = count;
  }
  return chosen;
}

void ConnectionGate::enforce_locked(Clock::time_point now) {
  for (Connection& one : connections_) {
    const auto deadline =
        one.stage == Stage::kHead ? limits_.head_deadline : limits_.reply_deadline;
    if (one.cut || now - one.since < deadline) continue;
    cut(one);
    instruments_.cut_slow.Increment();
  }
  while (alive() > limits_.crowded) {
    Connection* const one = in_the_way(now);
    if (one == nullptr) return;
    cut(*one);
    instruments_.cut_crowded.Increment();
  }
}

void ConnectionGate::enforce(Clock::time_point now) {
  const std::lock_guard lock(mutex_);
  enforce_locked(now);
}

void ConnectionGate::watch() {
  std::unique_lock lock(mutex_);
  while (!stop_) {
    if (connections_.empty()) {
      changed_.wait(lock);
    } else {
      changed_.wait_for(lock, connections_.size() >= limits_.crowded ? kWatchCrowded : kWatchCalm);
    }
    enforce_locked(Clock::now());
  }
}

}  // namespace kernstat
