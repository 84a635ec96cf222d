// SPDX-License-Identifier: Apache-2.0
// Collectors that a test of the serving side steers, and a client for its server.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <atomic>
#include <functional>
#include <string>
#include <vector>

#include "collectors/support/fd.h"
#include "daemon/collectors.h"

namespace kernstat::testing {

class FakeCollectors final : public Collectors {
 public:
  void write_all(Families& out, const Selection& selection) override {
    ++writes;
    if (on_write) on_write();
    for (const std::string& name : names) {
      if (!selection.contains(name)) continue;
      const std::string metric = "fake_" + name;
      out.single({metric, MetricType::kGauge, "Fake."}, std::uint64_t{1});
    }
    for (std::uint64_t i = 0; i < extra_series; ++i) {
      out.family({"fake_many", MetricType::kGauge, "Many."});
      out.sample("n=\"" + std::to_string(i) + "\"", i);
    }
  }
  void write_own(Families& out, const Selection& /*selection*/) override {
    out.single({"fake_own", MetricType::kGauge, "Own."}, std::uint64_t{1});
  }
  std::vector<CollectorStatus> status() const override {
    std::vector<CollectorStatus> all;
    for (const std::string& name : names) {
      all.emplace_back().name = name;
      all.back().state = CollectorState::kOk;
    }
    return all;
  }
  bool healthy() const override { return is_healthy; }
  bool ready() const override { return is_ready; }

  std::vector<std::string> names{"one", "two"};
  std::uint64_t extra_series = 0;
  std::function<void()> on_write;
  std::atomic<int> writes{0};
  bool is_healthy = true;
  bool is_ready = true;
};

/// A TCP connection to 127.0.0.1.
class Client {
 public:
  explicit Client(std::uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    timeval timeout{10, 0};
    ::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connected = ::connect(fd_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  }
  void send(std::string_view text) const {
    static_cast<void>(::send(fd_.get(), text.data(), text.size(), MSG_NOSIGNAL));
  }
  /// Reads until the other side closes, or until `size` bytes are there.
  std::string receive(std::size_t size = SIZE_MAX) const {
    std::string all;
    char buffer[65536];
    while (all.size() < size) {
      const auto got = ::recv(fd_.get(), buffer, sizeof buffer, 0);
      if (got <= 0) break;
      all.append(buffer, static_cast<std::size_t>(got));
    }
    return all;
  }
  /// Sends a request that asks for an end, and gives the whole answer.
  std::string ask(std::string_view request_line, std::string_view headers = "") const {
    send(std::string(request_line) + " HTTP/1.1\r\nHost: test\r\nConnection: close\r\n" +
         std::string(headers) + "\r\n");
    return receive();
  }

  bool connected = false;

 private:
  Fd fd_;
};

}  // namespace kernstat::testing
