// SPDX-License-Identifier: Apache-2.0
#include "collectors/bpf/kernel_symbols.h"

#include <catch2/catch.hpp>
#include <map>
#include <string>
#include <vector>

#include "collectors/bpf/decoders.h"
#include "collectors/bpf/names.h"
#include "collectors/bpf/series_book.h"
#include "tests/collectors/recorder.h"

using namespace kernstat;
using namespace kernstat::bpf;

namespace {

const std::string kSymbols =
    "0000000000000000 A per_cpu_start\n"
    "ffffffff81000000 T _text\n"
    "ffffffff81000100 t one\n"
    "ffffffff81000180 d data\n"
    "ffffffff81000200 T two\n"
    "ffffffffc0000000 t three\t[module]\n"
    "junk\n"
    "ffffffff81000300 t four\t[earlier]\n";

std::vector<std::string> names_at(std::string_view text, std::vector<std::uint64_t> addresses) {
  SymbolSearch search(addresses);
  static_cast<void>(search.take(text));
  std::vector<std::string> names;
  for (const auto& found : search.finish()) names.push_back(found.name);
  return names;
}

}  // namespace

TEST_CASE("addresses belong to the symbol before them") {
  CHECK(names_at(kSymbols, {0x10, 0xffffffff81000100, 0xffffffff810001ff, 0xffffffff81000200,
                            0xffffffff81000310, 0xffffffff81000320, 0xffffffffc0000010}) ==
        std::vector<std::string>{"", "one", "one", "two", "four", "four", "three"});
  CHECK(names_at(kSymbols, {0xffffffffc0000010, 0x10, 0x10}) ==
        std::vector<std::string>{"", "three"});
  SymbolSearch hidden({5});
  CHECK_FALSE(hidden.take("0000000000000000 A per_cpu\n0000000000000000 T _text\n"));
}

TEST_CASE("kernel symbols are looked up in few passes") {
  const FakeHost fake;
  // More than one piece of the file, and a line longer than that.
  std::string text;
  for (int i = 0; i < 3000; ++i) text += "ffffffff80000000 T a_function_before_all_of_the_others\n";
  text += std::string(100000, 'x') + "\n" + kSymbols;
  fake.write("proc/kallsyms", text);
  KernelSymbols symbols(fake.host);
  // As when it could not be opened any more: the privilege is given up after the start.
  fake.remove("proc/kallsyms");
  constexpr std::uint64_t kOne = 0xffffffff81000104;
  constexpr std::uint64_t kTwo = 0xffffffff81000204;
  CHECK_FALSE(symbols.find(kOne));
  symbols.want({kOne}, 1);
  CHECK(symbols.find(kOne) == "one");
  // The next pass waits until the last one has been paid for.
  symbols.want({kOne, kTwo}, 2);
  CHECK_FALSE(symbols.find(kTwo));
  // What somebody was refused is found by the next pass, whoever asks for it.
  constexpr std::uint64_t kThree = 0xffffffffc0000010;
  symbols.want({kThree}, std::int64_t{3600} * 1'000'000'000);
  CHECK(symbols.find(kTwo) == "two");
  CHECK(symbols.find(kThree) == "three");
}

TEST_CASE("hidden or missing kernel symbols are not read again") {
  const FakeHost fake;
  fake.write("proc/kallsyms", "0000000000000000 T _text\n");
  KernelSymbols hidden(fake.host);
  KernelSymbols missing(Host{"/nonexistent", "/nonexistent", "/"});
  for (std::uint64_t address = 1; address < 4; ++address) {
    hidden.want({address}, 1);
    missing.want({address}, 1);
    CHECK(hidden.find(address) == "");
    CHECK(missing.find(address) == "");
  }
}

TEST_CASE("a series whose label has no name yet waits, its total does not") {
  const FakeHost fake;
  fake.write("proc/kallsyms", kSymbols);
  Names names(fake.host);
  KeyLayout key;
  key.size = 8;
  Column place;
  place.name = "place";
  place.size = 8;
  place.decode = find_decoder("ksym_addr")->decode;
  place.is_symbol = true;
  key.columns = {place};
  SeriesBook book(key, {{{}, {"place"}, 0, 1, false, false}, {{}, {""}, 0, 1, false, true}},
                  {1, true});

  std::vector<std::pair<std::uint64_t, std::uint64_t>> map{{0xffffffff81000104, 5}};
  const auto update = [&](std::int64_t now_ns, std::uint64_t epoch) {
    Rows rows;
    rows.clear(8, 1);
    for (const auto& [address, count] : map) {
      rows.add(std::as_bytes(std::span(&address, 1)), std::span(&count, 1));
    }
    book.update(rows, names, epoch, now_ns, [](auto, auto&) { return false; });
  };
  const auto shown = [&](std::size_t metric) {
    Shown all;
    book.show(metric, all);
    std::map<std::string, std::uint64_t> result;
    for (const auto& s : all.series) result[*s.labels] = all.words[s.offset];
    return result;
  };
  using Series = std::map<std::string, std::uint64_t>;

  update(1, 1);
  CHECK(shown(0) == Series{{R"(place="one")", 5}});
  map.emplace_back(0xffffffff81000204, 7);
  update(2, 1);
  CHECK(shown(0) == Series{{R"(place="one")", 5}});
  CHECK(shown(1) == Series{{"", 12}});
  map[1].second = 8;
  update(3, 2);  // all labels are made anew
  CHECK(shown(0) == Series{{R"(place="one")", 5}});
  update(std::int64_t{3600} * 1'000'000'000, 2);
  CHECK(shown(0) == Series{{R"(place="one")", 5}, {R"(place="two")", 8}});
  CHECK(shown(1) == Series{{"", 13}});
}
