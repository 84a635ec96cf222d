// SPDX-License-Identifier: Apache-2.0
#include "daemon/http_server.h"

#include <array>
#include <catch2/catch.hpp>
#include <chrono>
#include <thread>

#include "collectors/support/text.h"
#include "daemon/serving.h"
#include "tests/daemon/fake_serving.h"

namespace kernstat {
namespace {

using testing::Client;
using testing::FakeCollectors;
using Clock = std::chrono::steady_clock;

struct Served {
  explicit Served(Config config = {}) {
    config.web.listen_addresses = {"127.0.0.1:0"};
    Instruments& counts = instruments;
    routes = std::make_unique<Routes>(collectors, counts, config, Routes::Settings{});
    HttpServer::Settings settings;
    settings.addresses = {{"127.0.0.1", false, 0}};
    settings.on_thread = [this] { ++threads; };
#ifdef __SANITIZE_THREAD__
    // Between a head's last byte and its request lies code that is ten times slower then.
    settings.gate.head_grace *= 10;
#endif
    auto started = HttpServer::start(std::move(settings), *routes, counts);
    REQUIRE(started);
    server = std::move(*started);
    const std::string& address = server->addresses().at(0);
    port = *to_number<std::uint16_t>(std::string_view(address).substr(address.rfind(':') + 1));
  }
  FakeCollectors collectors;
  Instruments instruments;
  std::unique_ptr<Routes> routes;
  std::atomic<int> threads{0};
  std::unique_ptr<HttpServer> server;
  std::uint16_t port = 0;
};

TEST_CASE("http: answers with what a scraper needs") {
  Served served;
  const std::string answer = Client(served.port).ask("GET /metrics");
  CHECK(answer.starts_with("HTTP/1.1 200 OK\r\n"));
  CHECK(answer.find("Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n") !=
        std::string::npos);
  CHECK(answer.find("X-Content-Type-Options: nosniff\r\n") != std::string::npos);
  CHECK(answer.find("\nfake_one 1\n") != std::string::npos);
  const auto head_end = answer.find("\r\n\r\n");
  const std::string length =
      "Content-Length: " + std::to_string(answer.size() - head_end - 4) + "\r\n";
  CHECK(answer.find(length) != std::string::npos);
  // The workers start one after the other, after the address is bound.
  for (int i = 0; i < 500 && served.threads < HttpServer::kWorkers; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  CHECK(served.threads >= HttpServer::kWorkers);
}

TEST_CASE("http: HEAD gives the head alone, an unknown method is refused") {
  Served served;
  const std::string head = Client(served.port).ask("HEAD /metrics");
  CHECK(head.starts_with("HTTP/1.1 200 OK\r\n"));
  CHECK(head.ends_with("\r\n\r\n"));
  CHECK(Client(served.port).ask("DELETE /metrics").starts_with("HTTP/1.1 405 "));
}

TEST_CASE("http: a connection is kept for the next request") {
  Served served;
  const Client client(served.port);
  for (int i = 0; i < 3; ++i) {
    client.send("GET /-/ready HTTP/1.1\r\nHost: test\r\n\r\n");
    std::string answer;
    while (answer.find("kernstatd is ready.\n") == std::string::npos) {
      const std::string more = client.receive(1);
      REQUIRE_FALSE(more.empty());
      answer += more;
    }
    CHECK(answer.find("Connection: keep-alive") != std::string::npos);
  }
}

TEST_CASE("http: broken requests do no harm") {
  Served served;
  const std::array<std::string, 7> requests{
      std::string("\0\0\0\0\r\n\r\n", 8),
      "GET\r\n\r\n",
      "GET /metrics%00 HTTP/1.1\r\nConnection: close\r\n\r\n",
      "GET /metrics?collect[]=%zz HTTP/1.1\r\nConnection: close\r\n\r\n",
      "GET /../../etc/passwd HTTP/1.1\r\nConnection: close\r\n\r\n",
      "GET /" + std::string(100'000, 'a') + " HTTP/1.1\r\n\r\n",
      "POST /metrics HTTP/1.1\r\nContent-Length: 5\r\nConnection: close\r\n\r\nabc"};
  for (const std::string& request : requests) {
    const Client client(served.port);
    client.send(request);
    if (request.starts_with("POST")) continue;  // waits for the rest of the body
    INFO(request.substr(0, 60));
    const std::string answer = client.receive();
    CHECK(answer.find(" 200 OK") == std::string::npos);
    if (request == "GET\r\n\r\n") {
      CHECK(answer.starts_with("HTTP/1.1 400 Bad Request\r\n"));
      CHECK(answer.find("Connection: close\r\n") != std::string::npos);
    }
  }
  CHECK(Client(served.port).ask("GET /metrics").starts_with("HTTP/1.1 200 OK\r\n"));
}

TEST_CASE("http: a body of a megabyte arrives whole") {
  Served served;
  served.collectors.extra_series = 19'500;
  const std::string answer = Client(served.port).ask("GET /metrics");
  CHECK(answer.size() > 400'000);
  CHECK(answer.find("fake_many{n=\"19000\"} 19000\n") != std::string::npos);
}

TEST_CASE("http: a hundred scrapers at once are all answered") {
  Served served;
  served.collectors.extra_series = 1000;
  std::atomic<int> whole{0};
  std::vector<std::thread> scrapers;
  for (int i = 0; i < 100; ++i) {
    scrapers.emplace_back([&] {
      for (int n = 0; n < 5; ++n) {
        const std::string answer = Client(served.port).ask("GET /metrics");
        if (answer.starts_with("HTTP/1.1 200") &&
            answer.find("fake_many{n=\"999\"} 999\n") != std::string::npos) {
          ++whole;
        }
      }
    });
  }
  for (std::thread& scraper : scrapers) scraper.join();
  CHECK(served.instruments.cut_crowded.Value() == 0);
  CHECK(whole == 500);
}

TEST_CASE("http: a taken port is named") {
  Served served;
  Instruments instruments;
  HttpServer::Settings settings;
  settings.addresses = {{"127.0.0.1", false, served.port}};
  const auto second = HttpServer::start(std::move(settings), *served.routes, instruments);
  REQUIRE_FALSE(second);
  const std::string taken = "127.0.0.1:" + std::to_string(served.port);
  CHECK(second.error().message == "cannot listen on " + taken + ": Address already in use");
  settings.addresses = {{"127.0.0.1", false, 0}, {"127.0.0.1", false, served.port}};
  const auto third = HttpServer::start(std::move(settings), *served.routes, instruments);
  REQUIRE_FALSE(third);
  CHECK(third.error().message == second.error().message);
}

TEST_CASE("http: it ends at once, whoever is still there") {
  auto served = std::make_unique<Served>();
  const Client idle(served->port);
  const Client slow(served->port);
  slow.send("GET /met");
  const Client kept(served->port);
  kept.send("GET /-/ready HTTP/1.1\r\nHost: test\r\n\r\n");
  CHECK_FALSE(kept.receive(10).empty());
  const auto begin = Clock::now();
  served->server.reset();
  CHECK(Clock::now() - begin < std::chrono::milliseconds(500));
}

}  // namespace
}  // namespace kernstat
