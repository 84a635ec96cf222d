// SPDX-License-Identifier: Apache-2.0
// A map of the kernel that changes while it is read: nothing is lost, nothing counts twice. Needs
// CAP_BPF: run by live/unit.py.
#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <map>
#include <random>
#include <thread>

#include "collectors/bpf/map_scan.h"
#include "collectors/bpf/names.h"
#include "collectors/bpf/object.h"
#include "collectors/bpf/series_book.h"

using namespace kernstat;
using namespace kernstat::bpf;

namespace {

constexpr std::uint32_t kCapacity = 4096;
constexpr std::uint64_t kStable = 1000;  // keys that stay
constexpr int kReads = 300;

// A map of a shipped tool, without its programs: key of two words, value of one.
struct Map {
  Object object;
  bpf_map* map;
  std::size_t copies;

  static Map load(const std::string& tool, const std::string& name) {
    auto object = Object::open(std::string(KERNSTAT_BUILD "/") + tool + ".bpf.o");
    REQUIRE(object);
    bpf_map* map = object->map(name);
    REQUIRE(map != nullptr);
    bpf_map__set_key_size(map, 8);
    bpf_map__set_max_entries(map, kCapacity);
    object->choose({});
    REQUIRE_FALSE(object->load(Host{}));
    const bool is_percpu = bpf_map__type(map) == BPF_MAP_TYPE_PERCPU_HASH;
    return {*std::move(object), map, is_percpu ? possible_cpus() : 1};
  }
  std::size_t words() const { return bpf_map__value_size(map) / 8; }
  // Every word of the value, on one CPU only.
  bool insert(std::uint64_t key, std::uint64_t value) const {
    std::vector<std::uint64_t> all(words() * copies);
    for (std::size_t i = 0; i < words(); ++i) all[i] = value;
    return bpf_map_update_elem(bpf_map__fd(map), &key, all.data(), BPF_NOEXIST) == 0;
  }
  void remove(std::uint64_t key) const { bpf_map_delete_elem(bpf_map__fd(map), &key); }
};

// Inserts and deletes keys above the stable ones, as fast as it can.
class Churn {
 public:
  explicit Churn(const Map& map) : thread_([this, &map] { run(map); }) {}
  ~Churn() {
    stop_ = true;
    thread_.join();
  }
  std::uint64_t changes() const { return changes_; }

 private:
  void run(const Map& map) {
    std::minstd_rand random(1);
    while (!stop_) {
      const std::uint64_t key = kStable + random() % 1000;
      if (random() % 2 == 0) {
        map.insert(key, key);
      } else {
        map.remove(key);
      }
      ++changes_;
    }
  }
  std::atomic<bool> stop_{false};
  std::atomic<std::uint64_t> changes_{0};
  std::thread thread_;  // last: it uses the others
};

void check_reads(const Map& map, bool batches) {
  for (std::uint64_t key = 0; key < kStable; ++key) REQUIRE(map.insert(key, key));
  MapScan scan(map.map);
  if (!batches) scan.forbid_batches();
  Rows rows;
  std::uint64_t lost = 0;
  std::uint64_t doubled = 0;
  std::uint64_t wrong = 0;
  std::uint64_t passing = 0;
  std::uint64_t changes = 0;
  {
    const Churn churn(map);
    for (int read = 0; read < kReads; ++read) {
      REQUIRE(scan.read(rows));
      std::map<std::uint64_t, int> seen;
      for (std::size_t i = 0; i < rows.count; ++i) {
        const std::uint64_t key = number_of(rows.key(i));
        doubled += ++seen[key] > 1;
        passing += key >= kStable;
        wrong += rows.value(i)[0] != key || rows.value(i)[rows.words - 1] != key;
      }
      for (std::uint64_t key = 0; key < kStable; ++key) lost += !seen.contains(key);
    }
    changes = churn.changes();
  }
  INFO(changes << " changes, " << passing << " passing keys seen in " << kReads << " reads");
  CHECK(changes > kReads);
  CHECK(passing > kReads);
  CHECK(lost == 0);
  CHECK(doubled == 0);
  CHECK(wrong == 0);
}

}  // namespace

TEST_CASE("map churn: keys that stay are there once at each read", "[.bpf]") {
  SECTION("shared, in batches") { check_reads(Map::load("bpf/tcpresets", "tcp_resets"), true); }
  SECTION("shared, one by one") { check_reads(Map::load("bpf/tcpresets", "tcp_resets"), false); }
  SECTION("per CPU, in batches") { check_reads(Map::load("bpf/opensnoop", "open_errors"), true); }
  SECTION("per CPU, one by one") { check_reads(Map::load("bpf/opensnoop", "open_errors"), false); }
}

TEST_CASE("map churn: what keys counted before they left is in the sum, once", "[.bpf]") {
  const Map map = Map::load("bpf/tcpresets", "tcp_resets");
  KeyLayout layout{8, true, {}};
  layout.columns.push_back({"number", 0, 8, decode_unsigned, {}, {}, {}, false});
  MetricView all;
  all.label_names = {""};
  all.is_total = true;
  MetricView each;
  each.label_names = {"number"};
  // Keys leave as soon as they do not move: all of them, all the time.
  SeriesBook book(layout, {all, each}, {1, true});
  Names names{Host{}};
  MapScan scan(map.map);
  Rows rows;
  Shown shown;
  std::atomic<std::uint64_t> begun{0};
  std::atomic<std::uint64_t> ended{0};
  std::atomic<bool> stop{false};
  std::thread writer([&] {
    for (std::uint64_t key = 1; !stop; ++key) {
      begun += key;
      bool is_in = false;
      while (!(is_in = map.insert(key, key)) && !stop) std::this_thread::yield();
      if (is_in) ended += key;
    }
  });
  std::uint64_t last = 0;
  bool good = true;
  std::int64_t now = 0;
  const auto sum = [&](std::size_t metric) {
    book.show(metric, shown);
    std::uint64_t total = 0;
    for (const std::uint64_t word : shown.words) total += word;
    return total;
  };
  const auto update = [&] {
    now += 10;
    REQUIRE(scan.read(rows));
    book.update(rows, names, 1, now, [&](auto key, auto& value) { return scan.take(key, value); });
  };
  constexpr std::uint64_t kLeave = 20'000;
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (book.aged() < kLeave && std::chrono::steady_clock::now() < end) {
    const std::uint64_t least = ended;
    update();
    const std::uint64_t total = sum(0);
    good &= total >= least && total <= begun && total >= last && total == sum(1);
    last = total;
  }
  stop = true;
  writer.join();
  update();
  INFO(book.aged() << " keys left");
  CHECK(good);
  CHECK(book.aged() >= kLeave);
  CHECK(sum(0) == ended);
  CHECK(sum(1) == ended);
}
