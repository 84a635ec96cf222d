// SPDX-License-Identifier: Apache-2.0
#include "daemon/self.h"

#include <unistd.h>

#include <catch2/catch.hpp>

#include "collectors/support/host.h"
#include "daemon/job.h"
#include "tests/daemon/fake_collectors.h"

using namespace kernstat;

TEST_CASE("self: the fields of a process's stat, whatever its name") {
  const auto stat = parse_process_stat(
      "12 (a) b) S 1 12 12 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 9 0 100 2000 30 18446744073709551615 "
      "1 1 0\n");
  REQUIRE(stat);
  CHECK(stat->threads == 9);
  CHECK(stat->start_ticks == 100);
  CHECK(stat->virtual_bytes == 2000);
  CHECK(stat->resident_pages == 30);
  for (const char* bad : {"", "12 (a", "12 (a) S 1 12\n", "12 (a) S 1 12 12 0 -1 4194560 1 2 3\n",
                          "12 (a) S 1 12 12 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 x 0 100 2000 30 1\n",
                          "12 (a) S 1 12 12 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 9 0 100 2000 30"}) {
    CHECK_FALSE(parse_process_stat(bad));
  }
}

TEST_CASE("self: the numbers of this process") {
  const auto& all = registered_collectors();
  const auto spec =
      std::find_if(all.begin(), all.end(), [](const auto& s) { return s.name == "self"; });
  REQUIRE(spec != all.end());
  auto collector = spec->make(Host{}, Options::defaults(*spec));
  REQUIRE(collector);
  REQUIRE((*collector)->read({1, 1}));
  (*collector)->publish();
  testing::Lines lines;
  (*collector)->write(lines, true);
  CHECK(lines.lines.size() == 8);
  CHECK(std::stod(*lines.value("process_resident_memory_bytes")) > 1e6);
  CHECK(std::stoi(*lines.value("process_open_fds")) >= 3);
  const double age =
      static_cast<double>(::time(nullptr)) - std::stod(*lines.value("process_start_time_seconds"));
  CHECK(age >= -2);
  CHECK(age < 3600);
}
