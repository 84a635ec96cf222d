// SPDX-License-Identifier: Apache-2.0
#include "collectors/proc/udp_queues.h"

#include <catch2/catch.hpp>

#include "tests/collectors/collector_fixture.h"
#include "tests/page_text.h"

namespace kernstat {

TEST_CASE("udp_queues adds up both queues") {
  const auto collector = made_collector("udp_queues", fixture_host());
  REQUIRE(tick(*collector).empty());
  CHECK(
      collector_text(*collector) ==
      "# HELP node_udp_queues Bytes in the queues of all UDP sockets, from /proc/net/udp and "
      "/proc/net/udp6.\n# TYPE node_udp_queues gauge\n"
      "node_udp_queues{ip=\"v4\",queue=\"tx\"} 576\nnode_udp_queues{ip=\"v4\",queue=\"rx\"} 2304\n"
      "node_udp_queues{ip=\"v6\",queue=\"tx\"} 0\nnode_udp_queues{ip=\"v6\",queue=\"rx\"} 384\n");
}

TEST_CASE("udp_queues takes whole lines only") {
  const std::string heading = "  sl  local_address rem_address st tx_queue rx_queue\n";
  const auto sums = parse_udp_queues(heading +
                                     " 1: a:1 b:2 07 00000001:00000010 x\n 2: a:1\n\n"
                                     " 3: a b 07 zz:00000001\n 4: a b 07 1FFFFFFFF:0\n"
                                     " 5: a b 07 00000001:00000001");
  REQUIRE(sums);
  CHECK(sums->transmit == 1);
  CHECK(sums->receive == 16);
  CHECK_FALSE(parse_udp_queues(""));
  CHECK_FALSE(parse_udp_queues("sl"));
  CHECK_FALSE(parse_udp_queues("1: a b 07 1:1\n"));
}

}  // namespace kernstat
