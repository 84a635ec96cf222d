// SPDX-License-Identifier: Apache-2.0
#include "daemon/routes.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <thread>
#include <vector>

#include "tests/daemon/fake_serving.h"

namespace kernstat {
namespace {

using testing::FakeCollectors;

struct Answers {
  FakeCollectors collectors;
  Instruments instruments;
  Config config;
  int reloads = 0;
  bool reload_works = true;
  Routes routes{collectors, instruments, config, {"/metrics", [this]() -> Result<void> {
                                                    ++reloads;
                                                    if (reload_works) return {};
                                                    return fail(ErrorKind::kInvalid, "x.yaml:1:2");
                                                  }}};

  HttpResponse get(std::string_view target, std::string_view timeout = "") {
    HttpRequest request;
    request.method = "GET";
    request.target = target;
    request.scrape_timeout = timeout;
    return routes.handle(request);
  }
  HttpResponse send(std::string_view method, std::string_view target) {
    HttpRequest request;
    request.method = method;
    request.target = target;
    return routes.handle(request);
  }
};

TEST_CASE("routes: metrics, the page, and nothing else") {
  Answers answers;
  CHECK(answers.get("/metrics").body->find("fake_one 1\n") != std::string::npos);
  const HttpResponse page = answers.get("/");
  CHECK(page.page);
  CHECK(page.content_type == "text/html; charset=utf-8");
  CHECK(answers.get("/metrics/").status == 404);
  CHECK(answers.get("/favicon.ico").status == 404);
  CHECK(answers.get("/metrics%00").status == 400);
  CHECK(answers.send("POST", "/metrics").status == 405);
  CHECK(answers.send("POST", "/metrics").allow == "GET, HEAD");
  CHECK(answers.instruments.requests(404).Value() == 2);
}

TEST_CASE("routes: collect[] and exclude[]") {
  Answers answers;
  const std::string only = *answers.get("/metrics?collect[]=two").body;
  CHECK(only.find("fake_one") == std::string::npos);
  CHECK(only.find("fake_two 1\n") != std::string::npos);
  CHECK(answers.get("/metrics?exclude[]=two").body->find("fake_two") == std::string::npos);
  CHECK(answers.get("/metrics?collect[]=three").status == 400);
  CHECK(answers.get("/metrics?collect[]=one&exclude[]=two").status == 400);
}

TEST_CASE("routes: health and readiness are the collectors'") {
  Answers answers;
  CHECK(answers.get("/-/healthy").status == 200);
  CHECK(answers.get("/-/ready").status == 200);
  answers.collectors.is_healthy = false;
  answers.collectors.is_ready = false;
  CHECK(answers.get("/-/healthy").status == 503);
  CHECK(answers.get("/-/ready").status == 503);
}

TEST_CASE("routes: reload only where it is allowed") {
  Answers answers;
  const HttpResponse refused = answers.send("POST", "/-/reload");
  CHECK(refused.status == 403);
  CHECK(refused.body->find("web.reload") != std::string::npos);
  CHECK(answers.reloads == 0);
  answers.config.web.reload = true;
  answers.routes.configure(answers.config);
  CHECK(answers.send("GET", "/-/reload").allow == "POST, PUT");
  CHECK(answers.send("PUT", "/-/reload").status == 200);
  answers.reload_works = false;
  const HttpResponse failed = answers.send("POST", "/-/reload");
  CHECK(failed.status == 500);
  CHECK(failed.body->find("x.yaml:1:2") != std::string::npos);
  CHECK(answers.reloads == 2);
}

TEST_CASE("routes: a scrape that cannot be in time is refused whole") {
  Answers answers;
  answers.collectors.on_write = [] { std::this_thread::sleep_for(std::chrono::milliseconds(60)); };
  const HttpResponse late = answers.get("/metrics", "0.05");
  CHECK(late.status == 503);
  CHECK(late.body->find("fake_one") == std::string::npos);
  CHECK(answers.instruments.timeouts.Value() == 1);
  CHECK(answers.get("/metrics", "10").status == 200);
  for (const std::string_view nonsense : {"0", "-1", "nan", "1e99", "soon", ""}) {
    CHECK(answers.get("/metrics", nonsense).status == 200);
  }
}

TEST_CASE("routes: waiting for a turn counts as well") {
  Answers answers;
  std::atomic<bool> begun{false};
  answers.collectors.on_write = [&] {
    begun = true;
    std::this_thread::sleep_for(std::chrono::seconds(1));
  };
  int slow_status = 0;
  std::atomic<bool> slow_ended{false};
  std::thread slow([&] {
    slow_status = answers.get("/metrics").status;
    slow_ended = true;
  });
  while (!begun) std::this_thread::yield();
  CHECK(answers.get("/metrics", "0.05").status == 503);
  CHECK_FALSE(slow_ended);
  slow.join();
  CHECK(slow_status == 200);
}

TEST_CASE("routes: scrapers at the same time share an exposition, later ones do not") {
  Answers answers;
  answers.collectors.on_write = [] { std::this_thread::sleep_for(std::chrono::milliseconds(50)); };
  std::vector<std::thread> scrapers;
  std::atomic<int> good{0};
  for (int i = 0; i < 20; ++i) {
    scrapers.emplace_back([&] { good += answers.get("/metrics").status == 200 ? 1 : 0; });
  }
  for (std::thread& scraper : scrapers) scraper.join();
  CHECK(good == 20);
  CHECK(answers.collectors.writes < 10);
  const int before = answers.collectors.writes;
  answers.get("/metrics");
  CHECK(answers.collectors.writes == before + 1);
}

TEST_CASE("routes: limits cut, and say so at the next scrape") {
  Answers answers;
  answers.collectors.extra_series = 1000;
  answers.config.limits.series = 100;
  answers.routes.configure(answers.config);
  answers.get("/metrics");
  CHECK(answers.instruments.dropped_series_limit.Value() > 900);
  const HttpResponse full = answers.get("/metrics");
  CHECK(full.body->find("fake_own 1\n") != std::string::npos);
  CHECK(full.body->find("kernstat_series_dropped_total{reason=\"series_limit\"} 902\n") !=
        std::string::npos);
  answers.config.limits.series = 20'000;
  answers.config.limits.scrape_bytes = 8000;
  answers.routes.configure(answers.config);
  const HttpResponse cut = answers.get("/metrics");
  CHECK(cut.body->size() <= 8000);
  CHECK(cut.body->ends_with("\n"));
  const double counted = answers.instruments.dropped_bytes_limit.Value();
  CHECK(counted > 0);
  answers.config.limits.scrape_bytes = 1 << 20;
  answers.routes.configure(answers.config);
  CHECK(answers.get("/metrics")
            .body->find("kernstat_series_dropped_total{reason=\"bytes_limit\"} " +
                        std::to_string(static_cast<int>(counted)) + "\n") != std::string::npos);
}

}  // namespace
}  // namespace kernstat
