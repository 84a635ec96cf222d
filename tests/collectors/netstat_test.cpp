// SPDX-License-Identifier: Apache-2.0
#include "collectors/proc/netstat.h"

#include <catch2/catch.hpp>

#include "tests/collectors/collector_fixture.h"
#include "tests/page_text.h"

namespace kernstat {
namespace {

NamedValues parsed(std::string_view text) {
  NamedValues values;
  REQUIRE(parse_netstat(text, values));
  return values;
}

}  // namespace

TEST_CASE("netstat pairs names with numbers") {
  const auto values =
      parsed("Tcp: MaxConn ActiveOpens\nTcp: -1 15\nUdp: InDatagrams\nUdp: 18446744073709551615\n");
  REQUIRE(values.size() == 3);
  CHECK(values.find("Tcp_MaxConn")->number() == -1);
  CHECK(values.find("Tcp_ActiveOpens")->value == 15);
  CHECK(values.find("Udp_InDatagrams")->value == UINT64_MAX);
}

TEST_CASE("netstat does not trust what is cut") {
  CHECK(parsed("").size() == 0);
  CHECK(parsed("Tcp: A B\n").size() == 0);
  CHECK(parsed("Tcp: A B\nTcp: 1 2").size() == 0);
  CHECK(parsed("Tcp: A B\nTcp: 1 2\nUdp: C\nUdp: 3").size() == 2);
}

TEST_CASE("netstat refuses lines that do not belong together") {
  NamedValues values;
  CHECK_FALSE(parse_netstat("Tcp: A B\nTcp: 1\n", values));
  CHECK_FALSE(parse_netstat("Tcp: A\nTcp: 1 2\n", values));
  CHECK_FALSE(parse_netstat("Tcp: A\nUdp: 1\n", values));
  CHECK_FALSE(parse_netstat("A\n1\n", values));
  CHECK_FALSE(parse_netstat("\n\n", values));
}

TEST_CASE("netstat leaves out what is no number or no name") {
  using std::literals::operator""sv;
  const auto values =
      parsed("X: A B C D E\nX: 1x 99999999999999999999 - 7 --8\nY: F\0G h-i\nY: 1 2\n"sv);
  CHECK(values.size() == 1);
  CHECK(values.find("X_D")->value == 7);
  CHECK(parsed("X: " + std::string(100'000, 'a') + "\nX: 1\n").size() == 0);
}

TEST_CASE("netstat rows that come again are decided anew only when they differ") {
  NamedValues values;
  const auto accept_a = [](std::string_view key) { return key == "T_A"; };
  const auto text_of = [&] { return page_text([&](Families& out) { values.write(out); }); };
  REQUIRE(parse_netstat("T: A B\nT: 1 2\n", values));
  values.decide("node_netstat_", MetricType::kUnknown, " of a test.", accept_a);
  CHECK(text_of() ==
        "# HELP node_netstat_T_A T_A of a test.\n# TYPE node_netstat_T_A untyped\n"
        "node_netstat_T_A 1\n");
  values.clear();
  REQUIRE(parse_netstat("T: B A\nT: 3 -4\n", values));
  values.decide("node_netstat_", MetricType::kUnknown, " of a test.", accept_a);
  CHECK(text_of() ==
        "# HELP node_netstat_T_A T_A of a test.\n# TYPE node_netstat_T_A untyped\n"
        "node_netstat_T_A -4\n");
}

TEST_CASE("snmp6 cuts protocol and name at the 6") {
  NamedValues values;
  parse_snmp6(
      "Ip6InReceives                   \t12\nIcmp6OutType133\t5\nnothing\t1\nUdpLite6InErrors x\n"
      "Udp6NoPorts\t3",
      values);
  CHECK(values.size() == 2);
  CHECK(values.find("Ip6_InReceives")->value == 12);
  CHECK(values.find("Icmp6_OutType133")->value == 5);
}

TEST_CASE("netstat serves the quantities that dashboards use") {
  const auto collector = made_collector("netstat", fixture_host());
  REQUIRE(tick(*collector).empty());
  const std::string text = collector_text(*collector);
  for (const char* name :
       {"Icmp_InErrors", "IpExt_InOctets", "TcpExt_ListenDrops", "TcpExt_SyncookiesSent",
        "TcpExt_TCPSynRetrans", "Tcp_CurrEstab", "Tcp_RetransSegs", "Udp_RcvbufErrors",
        "UdpLite_InErrors", "Udp6_NoPorts", "Ip6_OutOctets", "Icmp6_InMsgs"}) {
    CHECK(text.find("\nnode_netstat_" + std::string(name) + " ") != std::string::npos);
  }
  CHECK(text.find("Tcp_MaxConn") == std::string::npos);
}

TEST_CASE("netstat without IPv6 serves the rest; without files it is unsupported") {
  const auto with_all = made_collector("netstat", fixture_host(), [](Options& options) {
    options.set("fields", option(OptionType::kRegex, "^Tcp_MaxConn$"));
  });
  REQUIRE(tick(*with_all).empty());
  CHECK(collector_text(*with_all).find("\nnode_netstat_Tcp_MaxConn -1\n") != std::string::npos);
  const auto without = made_collector("netstat", fixture_host("nothing"));
  const auto read = without->read({1, 1});
  REQUIRE_FALSE(read);
  CHECK(read.error().kind == ErrorKind::kAbsent);
}

}  // namespace kernstat
