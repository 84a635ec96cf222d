// SPDX-License-Identifier: Apache-2.0
#include "daemon/runner.h"

#include <catch2/catch.hpp>
#include <thread>

#include "daemon/page.h"
#include "daemon/render_text.h"
#include "tests/daemon/fake_collectors.h"

using namespace kernstat;
using kernstat::testing::fake_spec;
using kernstat::testing::FakeSource;
using kernstat::testing::Lines;

namespace {

// Waits, up to ten seconds, until `done`.
template <typename F>
bool eventually(F done) {
  for (int i = 0; i < 10'000; ++i) {
    if (done()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return false;
}

// Tools are collectors as well as any, and the only ones that a test can bring along.
struct Bench {
  std::map<std::string, std::shared_ptr<FakeSource>> sources;
  LoadedConfig loaded;
  Runner runner;

  explicit Bench(Runner::Settings settings = {}) : runner(std::move(settings)) {}
  void add(const std::string& name, Lane lane) {
    sources[name] = std::make_shared<FakeSource>();
    loaded.tools.push_back(fake_spec(name, sources[name], lane));
    auto& config = loaded.config.tools[name];
    config = CollectorConfig::defaults(loaded.tools.back());
    config.interval = std::chrono::milliseconds(100);
  }
  void set_word(const std::string& name, const std::string& word) {
    Options::Value value;
    value.type = OptionType::kText;
    value.text = word;
    loaded.config.tools[name].options.set("word", value);
  }
};

}  // namespace

TEST_CASE("runner: every lane reads its collectors on its own thread") {
  std::mutex mutex;
  std::map<Lane, std::thread::id> begun;
  std::atomic<int> first_passes{0};
  Runner::Settings settings;
  settings.on_thread = [&](Lane lane) {
    const std::lock_guard lock(mutex);
    begun[lane] = std::this_thread::get_id();
  };
  settings.after_first_bpf_pass = [&] { ++first_passes; };
  Bench bench(std::move(settings));
  std::map<std::string, std::thread::id> read_on;
  for (const auto& [name, lane] :
       {std::pair{"a", Lane::kFast}, std::pair{"b", Lane::kSlow}, std::pair{"c", Lane::kBpf}}) {
    bench.add(name, lane);
    bench.sources[name]->read = [&, key = std::string(name)] {
      const std::lock_guard lock(mutex);
      read_on[key] = std::this_thread::get_id();
      return Result<void>();
    };
  }
  CHECK_FALSE(bench.runner.ready());
  CHECK(bench.runner.apply(bench.loaded) == "3 added, 0 removed, 0 changed, 0 unchanged");
  CHECK(eventually([&] { return bench.runner.ready() && first_passes == 1; }));
  CHECK(eventually([&] { return bench.sources["a"]->reads > 2 && bench.sources["c"]->reads > 2; }));
  CHECK(bench.runner.healthy());
  CHECK(first_passes == 1);
  Lines lines;
  bench.runner.write_all(lines, {{}, {"b"}});
  bench.runner.write_own(lines, {{}, {"b"}});
  CHECK(lines.value("kernstat_collector_state{collector=\"a\",state=\"ok\"}") == "1");
  CHECK(lines.value("node_scrape_collector_success{collector=\"c\"}") == "1");
  CHECK_FALSE(lines.value("node_scrape_collector_success{collector=\"b\"}"));
  CHECK(bench.runner.stop(std::chrono::seconds(10)));
  CHECK(read_on["a"] == begun[Lane::kFast]);
  CHECK(read_on["b"] == begun[Lane::kSlow]);
  CHECK(read_on["c"] == begun[Lane::kBpf]);
  CHECK(bench.sources["a"]->ended == 1);
}

TEST_CASE("runner: a limit of series meets the collector that has most of them") {
  Bench bench;
  for (const char* name : {"a", "b", "c"}) bench.add(name, Lane::kFast);
  bench.sources["a"]->more_series = 1000;
  bench.sources["b"]->more_series = 3;
  bench.sources["b"]->more_prefix = "b";
  bench.runner.run_once(bench.loaded);
  for (int i = 0; i < 3; ++i) {
    // Nobody knows at first who has most.
    Page page(500);
    bench.runner.write_all(page, {});
    CHECK(page.series() == 500);
    const auto left_out = page.dropped().limit;
    page.lift_limit();
    bench.runner.write_own(page, {});
    page.finish();
    CHECK(page.dropped().limit == left_out);
    std::string text;
    render_text(page, text, {});
    CHECK((text.find("fake_more{n=\"b2\"} 1\n") != std::string::npos) == (i > 0));
    CHECK(text.find("fake_more{n=\"490\"} 1\n") != std::string::npos);
    CHECK(text.find("kernstat_collector_series{collector=\"a\"} 100") != std::string::npos);
  }
}

TEST_CASE("runner: a reload changes only what is configured otherwise") {
  Bench bench;
  for (const char* name : {"kept", "slower", "other", "gone"}) bench.add(name, Lane::kFast);
  bench.runner.apply(bench.loaded);
  REQUIRE(eventually([&] { return bench.runner.ready(); }));

  bench.add("new", Lane::kSlow);
  bench.loaded.config.tools["slower"].interval = std::chrono::milliseconds(200);
  bench.loaded.config.tools["gone"].enabled = false;
  bench.set_word("other", "b");
  CHECK(bench.runner.apply(bench.loaded) == "1 added, 1 removed, 2 changed, 1 unchanged");
  REQUIRE(eventually([&] { return bench.runner.ready() && bench.sources["gone"]->ended == 1; }));
  CHECK(bench.sources["kept"]->made == 1);
  CHECK(bench.sources["slower"]->made == 1);
  CHECK(bench.sources["other"]->made == 2);
  CHECK(bench.sources["other"]->ended == 1);
  CHECK(bench.sources["new"]->made == 1);
  const auto status = bench.runner.status();
  REQUIRE(status.size() == 4);
  CHECK(status[0].name == "kept");
  CHECK(status[0].ticks > 0);
  CHECK(eventually([&] {
    return bench.runner.status()[3].effective_interval == std::chrono::milliseconds(200);
  }));
  CHECK(bench.runner.apply(bench.loaded) == "0 added, 0 removed, 0 changed, 4 unchanged");

  bench.loaded.config.bpf.enabled = false;
  CHECK(bench.runner.apply(bench.loaded) == "0 added, 4 removed, 0 changed, 0 unchanged");
  CHECK(bench.runner.status().empty());
}

TEST_CASE("runner: what does not run is off, and says why where its configuration does not") {
  Bench bench;
  for (const char* name : {"runs", "unwanted"}) bench.add(name, Lane::kBpf);
  bench.loaded.config.tools["unwanted"].enabled = false;
  bench.runner.apply(bench.loaded);
  const auto off = [&] {
    std::map<std::string, std::string> reasons;
    for (const CollectorStatus& one : bench.runner.off()) {
      CHECK(one.state == CollectorState::kOff);
      reasons[one.name] = one.error;
    }
    return reasons;
  };
  CHECK(off() == std::map<std::string, std::string>{{"unwanted", ""}});

  bench.runner.self().set_bpf_off("file");
  bench.loaded.config.bpf.enabled = false;
  bench.runner.apply(bench.loaded);
  CHECK(off() ==
        std::map<std::string, std::string>{{"runs", "BPF is off: file"}, {"unwanted", ""}});
  Lines lines;
  bench.runner.write_own(lines, {{}, {}});
  CHECK(lines.value("kernstat_collector_state{collector=\"runs\",state=\"off\"}") == "1");
  CHECK(lines.value("kernstat_bpf_off{reason=\"file\"}") == "1");
  CHECK_FALSE(lines.value("node_scrape_collector_success{collector=\"runs\"}"));
}

TEST_CASE("runner: a stuck slow collector delays neither the others nor the end") {
  Bench bench;
  auto released = std::make_shared<std::atomic<bool>>(false);
  bench.add("fast", Lane::kFast);
  bench.add("stuck", Lane::kSlow);
  bench.sources["stuck"]->read = [released] {
    while (!*released) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    return Result<void>();
  };
  bench.runner.apply(bench.loaded);
  CHECK(eventually([&] { return bench.sources["fast"]->reads > 3; }));
  CHECK_FALSE(bench.runner.ready());
  CHECK(bench.runner.healthy());
  const auto begin = std::chrono::steady_clock::now();
  CHECK_FALSE(bench.runner.stop(std::chrono::milliseconds(100)));
  CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(5));
  CHECK(bench.sources["fast"]->ended == 1);
  *released = true;
  CHECK(eventually([&] { return bench.sources["stuck"]->ended == 1; }));
}

TEST_CASE("runner: scrapes, reads and reloads at the same time") {
  Bench bench;
  for (const char* name : {"a", "b", "c"}) bench.add(name, Lane::kFast);
  bench.add("d", Lane::kBpf);
  bench.runner.apply(bench.loaded);
  std::atomic<bool> stop{false};
  std::vector<std::thread> scrapers;
  for (int i = 0; i < 3; ++i) {
    scrapers.emplace_back([&] {
      while (!stop) {
        Lines lines;
        bench.runner.write_all(lines, {});
        bench.runner.write_own(lines, {});
        static_cast<void>(bench.runner.status());
        static_cast<void>(bench.runner.healthy());
      }
    });
  }
  for (int i = 0; i < 50; ++i) {
    bench.set_word("b", i % 2 == 0 ? "x" : "y");
    bench.loaded.config.tools["c"].enabled = i % 3 == 0;
    bench.loaded.config.tools["a"].interval = std::chrono::milliseconds(100 + i % 2);
    bench.runner.apply(bench.loaded);
    bench.runner.self().reloaded(i % 2 == 0);
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  stop = true;
  for (auto& thread : scrapers) thread.join();
  CHECK(bench.sources["a"]->made == 1);
  CHECK(bench.runner.stop(std::chrono::seconds(10)));
  CHECK(bench.sources["b"]->made == bench.sources["b"]->ended);
}

TEST_CASE("runner: --once reads everything twice on the calling thread") {
  Bench bench;
  bench.add("a", Lane::kFast);
  bench.add("b", Lane::kBpf);
  bench.runner.run_once(bench.loaded);
  CHECK(bench.sources["a"]->published == 2);
  CHECK(bench.sources["b"]->published == 2);
  CHECK(bench.runner.status()[0].state == CollectorState::kOk);
}

TEST_CASE("selection: names wanted and names not wanted") {
  CHECK(Selection{}.contains("a"));
  CHECK(Selection{{"a"}, {}}.contains("a"));
  CHECK_FALSE(Selection{{"a"}, {}}.contains("b"));
  CHECK_FALSE(Selection{{}, {"a"}}.contains("a"));
  CHECK(Selection{{}, {"a"}}.contains("b"));
}
