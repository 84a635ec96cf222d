// SPDX-License-Identifier: Apache-2.0
#include "collectors/proc/loadavg.h"

#include <catch2/catch.hpp>

namespace kernstat {

TEST_CASE("loadavg reads the three averages") {
  LoadAverage load;
  REQUIRE(parse_loadavg("0.25 1.50 12.75 2/345 6789\n", load));
  CHECK(load.load1 == 0.25);
  CHECK(load.load5 == 1.5);
  CHECK(load.load15 == 12.75);
}

TEST_CASE("loadavg refuses what is cut or no number") {
  LoadAverage load;
  CHECK_FALSE(parse_loadavg("", load));
  CHECK_FALSE(parse_loadavg("0.25 1.5", load));
  CHECK_FALSE(parse_loadavg("0.25 x 1\n", load));
  CHECK_FALSE(parse_loadavg("0.25 nan 1\n", load));
  CHECK_FALSE(parse_loadavg("0.25 inf 1\n", load));
  CHECK_FALSE(parse_loadavg("0.25 -1 1\n", load));
}

}  // namespace kernstat
