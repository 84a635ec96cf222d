// SPDX-License-Identifier: Apache-2.0
#include "daemon/job.h"

#include <catch2/catch.hpp>

#include "tests/daemon/fake_collectors.h"

using namespace kernstat;
using kernstat::testing::fake_spec;
using kernstat::testing::FakeSource;
using kernstat::testing::Lines;

namespace {

constexpr std::int64_t kSecond = 1'000'000'000;

std::int64_t g_now = 0;
std::int64_t fake_clock() { return g_now; }

// A job on a grid without a phase and on a clock that the test moves.
struct Bench {
  std::shared_ptr<FakeSource> source = std::make_shared<FakeSource>();
  std::vector<std::string> log;
  Job job;

  explicit Bench(std::chrono::milliseconds interval = std::chrono::seconds(1))
      : job({fake_spec("fake", source), Options::defaults(fake_spec("fake", source)), interval,
             true, Host{}, Grid::Phase{0},
             [this](const std::string& name, CollectorState before, CollectorState now,
                    const std::string& error) {
               log.push_back(name + " " + std::string(state_name(before)) + " " +
                             std::string(state_name(now)) + " " + error);
             },
             fake_clock}) {
    g_now = 100 * kSecond + kSecond / 4;
  }
  void tick_when_due() {
    g_now = job.due_ns();
    job.tick(g_now);
  }
  bool says(const std::string& line) {
    Lines lines;
    job.write(lines);
    return lines.has(line);
  }
};

}  // namespace

TEST_CASE("job: the first read is at once, the next ones on the grid") {
  Bench bench;
  CHECK(bench.job.due_ns() == 0);
  CHECK(bench.job.status().state == CollectorState::kStarting);
  bench.job.tick(g_now);
  CHECK(bench.job.due_ns() == 101 * kSecond);
  bench.tick_when_due();
  CHECK(bench.job.due_ns() == 102 * kSecond);
  CHECK(bench.job.status().state == CollectorState::kOk);
  CHECK(bench.job.status().ticks == 2);
  CHECK(bench.job.status().missed == 0);
  CHECK(bench.log == std::vector<std::string>{"fake starting ok "});
}

TEST_CASE("job: what is wrong in a part is told once, and when it is over") {
  Bench bench;
  bench.source->problem = "a.prom:2: bad";
  bench.job.tick(g_now);
  bench.tick_when_due();
  CHECK(bench.job.status().state == CollectorState::kOk);
  CHECK(bench.job.status().error == "a.prom:2: bad");
  bench.source->problem.clear();
  bench.tick_when_due();
  bench.tick_when_due();
  CHECK(bench.job.status().error.empty());
  CHECK(bench.log == std::vector<std::string>{"fake starting ok a.prom:2: bad", "fake ok ok "});
}

TEST_CASE("job: a point right behind the first read is left out, not missed") {
  Bench bench;
  g_now = 100 * kSecond + kSecond - 1000;
  bench.job.tick(g_now);
  CHECK(bench.job.due_ns() == 102 * kSecond);
  CHECK(bench.job.status().missed == 0);
}

TEST_CASE("job: points that pass during a read are missed and counted") {
  Bench bench;
  bench.job.tick(g_now);
  bench.source->read = [] {
    g_now += 2 * kSecond + kSecond / 2;
    return Result<void>();
  };
  bench.tick_when_due();  // at 101, until 103.5
  CHECK(bench.job.due_ns() == 104 * kSecond);
  CHECK(bench.job.status().missed == 2);
  CHECK(bench.job.status().last_duration == std::chrono::milliseconds(2500));
}

TEST_CASE("job: points that pass before a late start are missed and counted") {
  Bench bench;
  bench.job.tick(g_now);
  g_now = 103 * kSecond + kSecond / 2;  // due at 101
  bench.job.tick(g_now);
  CHECK(bench.job.status().missed == 2);
  CHECK(bench.job.due_ns() == 104 * kSecond);
  g_now = bench.job.due_ns() + kSecond / 2;  // late, but none was left out
  bench.job.tick(g_now);
  CHECK(bench.job.status().missed == 2);
}

TEST_CASE("job: a failure removes the sample, says why, and ends with the next success") {
  Bench bench;
  bench.job.tick(g_now);
  CHECK(bench.says("fake_current 1"));
  CHECK(bench.job.status().series == 2);
  bench.source->read = []() -> Result<void> { return fail(ErrorKind::kInvalid, "broken"); };
  bench.tick_when_due();
  bench.tick_when_due();
  CHECK_FALSE(bench.says("fake_current 1"));
  CHECK(bench.says("fake_published_total 1"));
  const CollectorStatus status = bench.job.status();
  CHECK(status.state == CollectorState::kFailed);
  CHECK(status.error == "broken");
  CHECK(status.failures == 2);
  CHECK(status.sample_age_seconds == Approx(1.75));  // read at 100.25, now 102
  bench.source->read = [] { return Result<void>(); };
  bench.tick_when_due();
  CHECK(bench.says("fake_current 1"));
  CHECK(bench.job.status().error.empty());
  CHECK(bench.log ==
        std::vector<std::string>{"fake starting ok ", "fake ok failed broken", "fake failed ok "});
}

TEST_CASE("job: what is absent or denied is tried again after 30 s") {
  const auto [kind, state] = GENERATE(std::pair{ErrorKind::kAbsent, CollectorState::kUnsupported},
                                      std::pair{ErrorKind::kDenied, CollectorState::kDenied});
  Bench bench;
  bench.source->read = [kind = kind]() -> Result<void> { return fail(kind, "no"); };
  bench.job.tick(g_now);
  CHECK(bench.job.status().state == state);
  CHECK(bench.job.status().effective_interval == std::chrono::seconds(30));
  CHECK(bench.job.due_ns() == 120 * kSecond);
  bench.source->read = [] { return Result<void>(); };
  bench.tick_when_due();
  CHECK(bench.job.status().state == CollectorState::kOk);
  CHECK(bench.job.due_ns() == 121 * kSecond);
  CHECK(bench.source->made == 1);
}

TEST_CASE("job: a collector that cannot be made is failed, and is tried again") {
  g_now = 100 * kSecond;
  auto source = std::make_shared<FakeSource>();
  auto spec = fake_spec("fake", source);
  int tries = 0;
  spec.make = [&](const Host&, const Options&) -> Result<std::unique_ptr<Collector>> {
    if (++tries == 1) return fail(ErrorKind::kInvalid, "an option cannot work");
    return std::make_unique<testing::FakeCollector>(source);
  };
  Job job({spec, Options::defaults(spec), std::chrono::seconds(1), true, Host{}, Grid::Phase{0},
           nullptr, fake_clock});
  job.tick(g_now);
  CHECK(job.status().error == "an option cannot work");
  Lines lines;
  job.write(lines);
  CHECK(lines.lines.empty());
  job.tick(g_now + kSecond);
  CHECK(job.status().state == CollectorState::kOk);
}

TEST_CASE("job: a scrape tells the age of the sample in it, whatever is read before it ends") {
  Bench bench;
  CHECK(bench.job.written_figures().state == CollectorState::kStarting);
  bench.job.tick(g_now);
  Lines lines;
  bench.job.write(lines);
  bench.tick_when_due();
  CHECK(bench.job.figures().ticks == 2);
  CHECK(bench.job.written_figures().ticks == 1);
  bench.job.write(lines);
  CHECK(bench.job.written_figures().ticks == 2);
  CHECK(bench.job.written_figures().last_success_seconds ==
        bench.job.figures().last_success_seconds);
}

TEST_CASE("job: an exception of a library is a failure of this collector only") {
  Bench bench;
  bench.source->read = []() -> Result<void> {
    std::vector<int>().at(1) = 0;
    return {};
  };
  bench.job.tick(g_now);
  CHECK(bench.job.status().state == CollectorState::kFailed);
  CHECK_THAT(bench.job.status().error, Catch::StartsWith("a library gave up: "));
}

TEST_CASE("job: another interval holds from the next grid point, and nothing is lost") {
  Bench bench(std::chrono::seconds(30));
  bench.job.tick(g_now);
  CHECK(bench.job.due_ns() == 120 * kSecond);
  CHECK_FALSE(bench.job.set_interval(std::chrono::seconds(30), true));
  CHECK(bench.job.set_interval(std::chrono::seconds(2), false));
  bench.job.adopt_interval(g_now);
  CHECK(bench.job.due_ns() == 102 * kSecond);
  bench.tick_when_due();
  CHECK(bench.says("fake_published_total 2"));
  CHECK(bench.source->made == 1);
}

TEST_CASE("job: a closed one says nothing") {
  Bench bench;
  bench.job.tick(g_now);
  bench.job.close();
  CHECK(bench.source->ended == 1);
  CHECK_FALSE(bench.says("fake_published_total 1"));
}
