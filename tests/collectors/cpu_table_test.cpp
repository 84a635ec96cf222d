// SPDX-License-Identifier: Apache-2.0
#include "collectors/support/cpu_table.h"

#include "tests/collectors/recorder.h"

namespace kernstat {

TEST_CASE("a CPU table has its columns by the CPU's number") {
  CpuTable table;
  REQUIRE(
      parse_cpu_table("      CPU0       CPU2       \n"
                      " 24:          1          5  IO-APIC   5-edge      ACPI:Ged\n"
                      "ERR:          0\n"
                      "LOC:      60127      43410   Local timer interrupts\n"
                      " 24: 7 7 twice\n"
                      "CUT: 1 2 cut",
                      table));
  CHECK(table.cpus() == std::vector<std::uint16_t>{0, 2});
  REQUIRE(table.size() == 2);
  CHECK(table[0].name == "24");
  CHECK(table[0].text == "IO-APIC   5-edge      ACPI:Ged");
  CHECK(table[0].values == std::vector<std::uint64_t>{1, 5});
  CHECK(table[1].name == "LOC");
}

TEST_CASE("a CPU table that changes has no rows of before") {
  CpuTable table;
  REQUIRE(parse_cpu_table("CPU0\na: 1\nb: 2\nc: 3\n", table));
  REQUIRE(parse_cpu_table("CPU0\nb: x\nb: 4\nc: 5\n", table));
  REQUIRE(table.size() == 2);
  CHECK(table[0].name == "b");
  CHECK(table[0].values[0] == 4);
  CHECK(table[1].name == "c");
}

TEST_CASE("a CPU table without its first line is refused") {
  CpuTable table;
  CHECK_FALSE(parse_cpu_table("CPU0 CPU0\na: 1 1\n", table));
  CHECK_FALSE(parse_cpu_table("CPU0 CPU9999\na: 1 1\n", table));
  CHECK_FALSE(parse_cpu_table("a: 1 1\n", table));
  CHECK(table.size() == 0);
  for (const std::string& text : hostile_texts()) CHECK_FALSE(parse_cpu_table(text, table));
}

TEST_CASE("a wide table follows its rows when others come and go") {
  WideTable wide;
  const auto apply = [&wide](std::string_view text) {
    CpuTable table;
    REQUIRE(parse_cpu_table(text, table));
    wide.apply(table);
    return table;
  };
  apply("CPU0 CPU1\na: 1 1\nb: 4294967295 10\n");
  // b wraps, x comes in front of it, CPU 1 is offline.
  CpuTable table = apply("CPU0\na: 1\nx: 3\nb: 4\n");
  CHECK(table[2].values[0] == 4294967300U);
  CHECK(table[1].values[0] == 3);
  // a goes.
  table = apply("CPU0 CPU1\nx: 3 0\nb: 5 12\n");
  CHECK(table[1].values == std::vector<std::uint64_t>{4294967301U, 12});
}

}  // namespace kernstat
