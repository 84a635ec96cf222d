// SPDX-License-Identifier: Apache-2.0
#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <string>

#include "collectors/support/cpu_list.h"
#include "collectors/support/interned.h"
#include "collectors/support/keyed_values.h"
#include "collectors/support/label_table.h"
#include "collectors/support/namespaces.h"
#include "collectors/support/text.h"
#include "collectors/support/wide_counter.h"

namespace kernstat {

TEST_CASE("a line without its end is not a whole line") {
  std::string_view text = "one\n\ntwo";
  std::string_view line;
  REQUIRE(next_whole_line(text, line));
  CHECK(line == "one");
  REQUIRE(next_whole_line(text, line));
  CHECK(line.empty());
  CHECK_FALSE(next_whole_line(text, line));
}

TEST_CASE("CPU lists are read as the kernel prints them") {
  std::vector<std::uint16_t> cpus;
  REQUIRE(parse_cpu_list("0-2,5,8-9\n", cpus));
  CHECK(cpus == std::vector<std::uint16_t>{0, 1, 2, 5, 8, 9});
  REQUIRE(parse_cpu_list("\n", cpus));
  CHECK(cpus.empty());
  for (const char* bad : {"", "0-2", "2-0\n", "3,1\n", "0-8192\n", "0-99999999999\n", "x\n", "0-\n",
                          "-1\n", "1,,2\n", "1 2\n"}) {
    INFO(bad);
    CHECK_FALSE(parse_cpu_list(bad, cpus));
  }
}

TEST_CASE("a 32-bit counter goes on beyond its wrap") {
  WideCounter counter;
  CHECK(counter.follow(0xFFFFFFF0U) == 0xFFFFFFF0U);
  CHECK(counter.follow(0x10U) == 0x100000010U);
  CHECK(counter.follow(0x10U) == 0x100000010U);
  CHECK(counter.follow(0x0FU) == 0x20000000FU);
}

TEST_CASE("keyed values keep each key once") {
  KeyedValues values;
  CHECK(values.add("a", 1));
  CHECK(values.add("b", 2));
  CHECK_FALSE(values.add("a", 3));
  values.clear();
  CHECK(values.add("b", 4));
  CHECK_FALSE(values.add("b", 5));  // at the place where "b" was before
  CHECK(values.add("a", 6));
  REQUIRE(values.size() == 2);
  CHECK(values[0].key == "b");
  CHECK(values[1].value == 6);
}

TEST_CASE("interned names are one copy") {
  const std::string name = "node_memory_Example_bytes";
  const std::string_view first = interned(name);
  CHECK(first == name);
  CHECK(first.data() == interned(std::string(name)).data());
  CHECK(first.data() != name.data());
}

TEST_CASE("only what is a namespace has the number of one") {
  struct stat own {};
  REQUIRE(::stat("/proc/self/ns/net", &own) == 0);
  CHECK(namespace_at("/proc/self/ns/net") == own.st_ino);
  // Where older kernels leave who may not follow a link.
  CHECK(namespace_at("/proc/self/ns") == 0);
  CHECK(namespace_at("/proc/self/ns/nothing") == 0);
}

TEST_CASE("label texts stay where they are") {
  LabelTable table;
  const std::string& first = table.cpu(0);
  CHECK(table.cpu(300) == "cpu=\"300\"");
  CHECK(&first == &table.cpu(0));
  CHECK(first == "cpu=\"0\"");
}

}  // namespace kernstat
