// SPDX-License-Identifier: Apache-2.0
#include "daemon/connection_gate.h"

#include <algorithm>
#include <catch2/catch.hpp>

namespace kernstat {
namespace {

using std::chrono::milliseconds;

// A gate over connections that are only listed; the watcher sleeps, since none was opened.
struct Crowd {
  std::vector<IncomingConnection> open;
  std::vector<std::uint16_t> cut;  // ports
  std::uint16_t asked = 0;         // port of a connection whose request lies in its socket
  Instruments instruments;
  ConnectionGate gate{
      ConnectionGate::Limits{4, milliseconds(100), milliseconds(1000), milliseconds(30'000)},
      instruments,
      {[] {}, [this] { return open; },
       [this](const IncomingConnection& one) { return one.peer.port == asked; },
       [this](const IncomingConnection& one) { cut.push_back(one.peer.port); }}};
  ConnectionGate::Clock::time_point start = ConnectionGate::Clock::now();

  void add(const char* address, std::uint16_t port) { open.push_back({port, {address, port}}); }
  void at(int ms) { gate.enforce(start + milliseconds(ms)); }
};

TEST_CASE("gate: few connections may wait") {
  Crowd crowd;
  for (std::uint16_t port = 1; port <= 4; ++port) crowd.add("10.0.0.1", port);
  crowd.at(0);
  crowd.at(10'000);
  CHECK(crowd.cut.empty());
}

TEST_CASE("gate: in a crowd the peer with most loses its oldest, after a moment of grace") {
  Crowd crowd;
  crowd.add("10.0.0.2", 100);
  crowd.at(0);
  for (std::uint16_t port = 1; port <= 5; ++port) crowd.add("10.0.0.1", port);
  crowd.at(10);
  CHECK(crowd.cut.empty());
  crowd.at(110);
  CHECK(crowd.cut == std::vector<std::uint16_t>{1, 2});
  crowd.at(111);
  CHECK(crowd.cut.size() == 2);
  CHECK(crowd.instruments.cut_crowded.Value() == 2);
}

TEST_CASE("gate: a request that no worker has taken yet is not in the way") {
  Crowd crowd;
  crowd.asked = 1;
  for (std::uint16_t port = 1; port <= 5; ++port) crowd.add("10.0.0.1", port);
  crowd.at(0);
  crowd.at(200);
  CHECK(crowd.cut == std::vector<std::uint16_t>{2});
}

TEST_CASE("gate: who waits for an answer is the last to go") {
  Crowd crowd;
  for (std::uint16_t port = 1; port <= 6; ++port) crowd.add("10.0.0.1", port);
  for (std::uint16_t port = 1; port <= 4; ++port) crowd.gate.requested({"10.0.0.1", port});
  crowd.at(0);
  crowd.at(500);
  CHECK(crowd.cut == std::vector<std::uint16_t>{5, 6});
}

TEST_CASE("gate: a reply that takes too long ends; one that is answered may stay") {
  Crowd crowd;
  crowd.add("10.0.0.1", 1);
  crowd.add("10.0.0.1", 2);
  for (std::uint16_t port = 1; port <= 2; ++port) {
    crowd.gate.requested({"10.0.0.1", port});
    crowd.gate.sending({"10.0.0.1", port});
  }
  crowd.at(0);
  crowd.gate.answered({"10.0.0.1", 2});
  crowd.at(31'000);
  CHECK(crowd.cut == std::vector<std::uint16_t>{1});
  CHECK(crowd.instruments.cut_slow.Value() == 1);
}

TEST_CASE("gate: who waits for the daemon is not slow, who does not read is") {
  Crowd crowd;
  for (std::uint16_t port = 1; port <= 6; ++port) {
    crowd.add("10.0.0.1", port);
    crowd.gate.requested({"10.0.0.1", port});
  }
  crowd.at(0);
  crowd.at(60'000);
  CHECK(crowd.cut.empty());
  crowd.gate.sending({"10.0.0.1", 3});
  crowd.at(500);
  CHECK(crowd.cut.empty());
  crowd.at(60'000);
  CHECK(crowd.cut == std::vector<std::uint16_t>{3});
}

TEST_CASE("gate: a crowd that comes again and again does not drive out one that came before") {
  Crowd crowd;
  crowd.add("10.0.0.2", 100);
  crowd.at(0);
  for (std::uint16_t port = 1; port <= 5; ++port) crowd.add("10.0.0.1", port);
  crowd.at(150);
  crowd.at(200);
  CHECK(crowd.cut.empty());
  crowd.at(260);
  CHECK(crowd.cut == std::vector<std::uint16_t>{1, 2});
}

TEST_CASE("gate: a descriptor that is used again is another connection") {
  Crowd crowd;
  for (std::uint16_t port = 1; port <= 5; ++port) crowd.add("10.0.0.1", port);
  crowd.at(0);
  for (IncomingConnection& one : crowd.open) one.peer.port += 10;
  crowd.at(200);
  CHECK(crowd.cut.empty());
  crowd.at(310);
  CHECK(crowd.cut.size() == 1);
}

}  // namespace
}  // namespace kernstat
