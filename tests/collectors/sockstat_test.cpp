// SPDX-License-Identifier: Apache-2.0
#include "collectors/proc/sockstat.h"

#include <catch2/catch.hpp>

#include "tests/collectors/collector_fixture.h"
#include "tests/page_text.h"

namespace kernstat {

TEST_CASE("sockstat reads pairs and turns pages into bytes") {
  NamedValues values;
  parse_sockstat(
      "sockets: used 17\nTCP: inuse 1 orphan 2 tw 3 alloc 4 mem 5\nFRAG: inuse 0 memory 6\n", 4096,
      values);
  CHECK(values.size() == 9);
  CHECK(values.find("sockets_used")->value == 17);
  CHECK(values.find("TCP_tw")->value == 3);
  CHECK(values.find("TCP_mem")->value == 5);
  CHECK(values.find("TCP_mem_bytes")->value == 20480);
  CHECK(values.find("FRAG_memory")->value == 6);
}

TEST_CASE("sockstat leaves out what is cut or no number") {
  NamedValues values;
  parse_sockstat("", 4096, values);
  parse_sockstat("TCP: inuse 1", 4096, values);
  parse_sockstat("TCP\nUDP: inuse\nRAW: inuse x\n: a 1\n", 4096, values);
  CHECK(values.size() == 0);
  // More pages than bytes can be counted.
  parse_sockstat("UDP: mem 18446744073709551615\n", 4096, values);
  CHECK(values.size() == 1);
}

TEST_CASE("sockstat serves both protocols") {
  const auto collector = made_collector("sockstat", fixture_host());
  REQUIRE(tick(*collector).empty());
  const std::string text = collector_text(*collector);
  for (const char* name : {"sockets_used", "TCP_alloc", "TCP_mem_bytes", "UDP_mem", "FRAG_memory",
                           "RAW_inuse", "UDPLITE_inuse", "TCP6_inuse", "FRAG6_memory"}) {
    CHECK(text.find("\nnode_sockstat_" + std::string(name) + " ") != std::string::npos);
  }
  const auto read = made_collector("sockstat", fixture_host("nothing"))->read({1, 1});
  REQUIRE_FALSE(read);
  CHECK(read.error().kind == ErrorKind::kAbsent);
}

}  // namespace kernstat
