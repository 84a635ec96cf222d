// SPDX-License-Identifier: Apache-2.0
#include "collectors/bpf/series_book.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstring>
#include <map>
#include <string>

using namespace kernstat;
using namespace kernstat::bpf;

namespace {

// struct { char name[8]; bool flag padded to __u32 } -> __u64, __u64
struct Key {
  char name[8];
  std::uint32_t number;
  std::uint32_t mode;
};

Life gone_above_99(std::span<const std::byte> bytes, const LabelTable& table, Names& names,
                   std::string& out) {
  decode_unsigned(bytes, table, names, out);
  return number_of(bytes) > 99 ? Life::kGone : Life::kAlive;
}

KeyLayout layout() {
  KeyLayout key;
  key.size = sizeof(Key);
  Column name;
  name.name = "name";
  name.size = 8;
  name.decode = decode_text;
  Column number;
  number.name = "number";
  number.offset = 8;
  number.size = 4;
  number.decode = gone_above_99;
  Column mode;
  mode.name = "mode";
  mode.offset = 12;
  mode.size = 4;
  mode.decode = decode_enum;
  mode.table = {{0, "read"}, {1, "write"}};
  key.columns = {name, number, mode};
  return key;
}

Key key(const char* name, std::uint32_t number, std::uint32_t mode = 0) {
  Key result{};
  std::strncpy(result.name, name, sizeof result.name);
  result.number = number;
  result.mode = mode;
  return result;
}

class Fixture {
 public:
  explicit Fixture(std::int64_t idle_ns = 0, bool is_map = true, bool is_gauge = false)
      : names_(Host{}),
        book_(layout(),
              {{{}, {"name", "number", "mode"}, 0, 1, is_gauge, false},
               {{{"stage", "all"}}, {"", "", "mode"}, 1, 1, is_gauge, false},
               {{}, {"", "", ""}, 0, 1, is_gauge, true}},
              {idle_ns, is_map}) {}

  void put(const Key& k, std::uint64_t first, std::uint64_t second = 0) {
    map_[text(k)] = {first, second};
  }
  bool holds(const Key& k) const { return map_.contains(text(k)); }
  void put_other(std::uint64_t first) { map_[std::string(sizeof(Key), '\xff')] = {first, 0}; }
  void erase(const Key& k) { map_.erase(text(k)); }

  void update(std::int64_t now_ns = 0, std::uint64_t epoch = 1) {
    Rows rows;
    rows.clear(sizeof(Key), 2);
    for (const auto& [bytes, value] : map_) {
      rows.add(std::as_bytes(std::span(bytes)), value);
    }
    book_.update(rows, names_, epoch, now_ns,
                 [&](std::span<const std::byte> bytes, std::vector<std::uint64_t>& last) {
                   const std::string k(reinterpret_cast<const char*>(bytes.data()), bytes.size());
                   const auto found = map_.find(k);
                   if (found == map_.end()) return false;
                   last = found->second;
                   map_.erase(found);
                   return true;
                 });
  }
  std::map<std::string, std::uint64_t> shown(std::size_t metric) const {
    Shown shown;
    book_.show(metric, shown);
    std::map<std::string, std::uint64_t> result;
    for (const auto& series : shown.series) result[*series.labels] = shown.words[series.offset];
    CHECK(result.size() == shown.series.size());
    return result;
  }
  SeriesBook& book() { return book_; }

 private:
  static std::string text(const Key& k) { return {reinterpret_cast<const char*>(&k), sizeof k}; }
  Names names_;
  SeriesBook book_;
  std::map<std::string, std::vector<std::uint64_t>> map_;
};

using Series = std::map<std::string, std::uint64_t>;

}  // namespace

TEST_CASE("keys become labels, rows of equal labels are added up") {
  Fixture f;
  f.put(key("a", 1), 5, 50);
  f.put(key("b", 2, 1), 7, 70);
  f.put(key("c", 3, 1), 1, 10);
  f.update();
  CHECK(f.shown(0) == Series{{R"(name="a",number="1",mode="read")", 5},
                             {R"(name="b",number="2",mode="write")", 7},
                             {R"(name="c",number="3",mode="write")", 1}});
  CHECK(f.shown(1) ==
        Series{{R"(mode="read",stage="all")", 50}, {R"(mode="write",stage="all")", 80}});
  CHECK(f.shown(2) == Series{{"", 13}});
}

TEST_CASE("a total exists as 0 before the first event") {
  Fixture f;
  f.update();
  CHECK(f.shown(0).empty());
  CHECK(f.shown(2) == Series{{"", 0}});
}

TEST_CASE("the entry other is shown once something is in it") {
  Fixture f;
  f.put_other(0);
  f.update();
  CHECK(f.shown(0).empty());
  f.put_other(3);
  f.update();
  CHECK(f.shown(0) == Series{{R"(name="other",number="other",mode="other")", 3}});
  CHECK(f.shown(2) == Series{{"", 3}});
}

TEST_CASE("a key whose object has gone leaves the map and moves into other") {
  Fixture f;
  f.put_other(0);
  f.put(key("a", 1), 5, 5);
  f.put(key("x", 100), 9, 90);
  f.update();
  CHECK_FALSE(f.holds(key("x", 100)));
  CHECK(f.holds(key("a", 1)));
  CHECK(f.book().aged() == 1);
  f.update();
  const auto shown = f.shown(0);
  CHECK(shown.at(R"(name="other",number="other",mode="other")") == 9);
  // The mode has other keys: its series goes on and keeps the number.
  CHECK(f.shown(1).at(R"(mode="read",stage="all")") == 95);
  CHECK(f.shown(2) == Series{{"", 14}});
}

TEST_CASE("totals never go back while keys come and go") {
  Fixture f(10);
  std::uint64_t before = 0;
  std::uint64_t real = 0;
  for (std::uint32_t round = 0; round < 200; ++round) {
    const Key fresh = key("k", round % 97, round & 1);
    if (!f.holds(fresh)) f.put(fresh, 0);
    f.put(fresh, round + 1);
    f.update(round * 2);
    const std::uint64_t total = f.shown(2).at("");
    CHECK(total >= before);
    before = total;
    std::uint64_t sum = 0;
    for (const auto& [labels, value] : f.shown(0)) sum += value;
    CHECK(sum == total);
    static_cast<void>(real);
  }
  CHECK(f.book().aged() > 100);
  CHECK(f.book().keys() < 20);
}

TEST_CASE("an idle key leaves, one that moves stays") {
  Fixture f(100);
  f.put(key("idle", 1), 4);
  f.put(key("busy", 2), 1);
  f.update(0);
  f.put(key("busy", 2), 2);
  f.update(101);
  CHECK_FALSE(f.holds(key("idle", 1)));
  CHECK(f.holds(key("busy", 2)));
  f.update(102);
  CHECK(f.shown(0).at(R"(name="other",number="other",mode="other")") == 4);
}

TEST_CASE("a pinned key never leaves") {
  Fixture f(100);
  const Key pinned = key("p", 1);
  f.book().pin(std::as_bytes(std::span(&pinned, 1)));
  f.put(pinned, 0);
  f.update(0);
  f.update(1'000'000);
  CHECK(f.holds(pinned));
  CHECK(f.shown(0).size() == 1);
}

TEST_CASE("gauges of keys that left are gone") {
  Fixture f(0, false, true);
  f.put(key("a", 1), 5);
  f.put(key("b", 2), 6);
  f.update();
  f.erase(key("a", 1));
  f.update();
  CHECK(f.shown(0) == Series{{R"(name="b",number="2",mode="read")", 6}});
  CHECK(f.shown(2) == Series{{"", 6}});
}

TEST_CASE("text of any bytes becomes a valid label") {
  Fixture f;
  f.put(key("\xff\"\\\n", 1), 1);
  Key full{};
  std::memset(full.name, 'z', sizeof full.name);  // no NUL at its end
  f.put(full, 2);
  f.update();
  const auto shown = f.shown(0);
  CHECK(shown.contains("name=\"\xEF\xBF\xBD\\\"\\\\\\n\",number=\"1\",mode=\"read\""));
  CHECK(shown.contains(R"(name="zzzzzzzz",number="0",mode="read")"));
}

TEST_CASE("a value that an enum does not name is other") {
  Fixture f;
  f.put(key("a", 1, 17), 1);
  f.update();
  CHECK(f.shown(0).contains(R"(name="a",number="1",mode="other")"));
}

TEST_CASE("ten thousand keys that come and go leave nothing behind") {
  Fixture f;
  for (std::uint32_t i = 0; i < 10'000; ++i) {
    f.put(key("k", 100 + i), 1);
    if (i % 500 == 0) f.update(i);
  }
  f.update(10'000);
  f.update(10'001);
  CHECK(f.book().keys() == 0);
  CHECK(f.shown(2) == Series{{"", 10'000}});
  CHECK(f.shown(0) == Series{{R"(name="other",number="other",mode="other")", 10'000}});
}
