// SPDX-License-Identifier: Apache-2.0
#include "daemon/query.h"

#include <catch2/catch.hpp>
#include <vector>

#include "config/listen_address.h"

namespace kernstat {
namespace {

std::vector<CollectorStatus> known() {
  std::vector<CollectorStatus> all(3);
  all[0].name = "cpu";
  all[1].name = "meminfo";
  all[2].name = "x y";
  return all;
}

TEST_CASE("query: the collectors that a scrape wants") {
  const auto names = known();
  const auto both = parse_selection("collect[]=cpu&collect%5B%5D=meminfo&other=1", names);
  REQUIRE(both);
  CHECK(both->only == std::vector<std::string>{"cpu", "meminfo"});
  CHECK(both->except.empty());
  const auto except = parse_selection("exclude[]=cpu&exclude[]=cpu", names);
  REQUIRE(except);
  CHECK(except->except == std::vector<std::string>{"cpu"});
  CHECK(parse_selection("collect[]=x+y", names)->only.at(0) == "x y");
  CHECK(parse_selection("", names)->only.empty());
  CHECK(parse_selection("&&=&a", names)->only.empty());
}

TEST_CASE("query: what is wrong is said") {
  const auto names = known();
  const auto message = [&](std::string_view query) {
    const auto selection = parse_selection(query, names);
    REQUIRE_FALSE(selection);
    return selection.error().message;
  };
  CHECK(message("collect[]=cpu&exclude[]=meminfo") ==
        "collect[] and exclude[] exclude each other: use one of them");
  CHECK(message("collect[]=nope") == "collect[]: there is no collector 'nope', or it is disabled");
  CHECK(message("collect[]=%3Cb%3E%0A") ==
        "collect[]: there is no collector '<b>?', or it is disabled");
  CHECK(message("collect[]=") == "collect[]: there is no collector '', or it is disabled");
  CHECK(message("collect[]=cpu%00") == "the query: a NUL byte");
  CHECK(message("a=%") == "the query: a '%' without two hexadecimal digits");
  CHECK(message("a=%4") == "the query: a '%' without two hexadecimal digits");
  CHECK(message("a=%+1") == "the query: a '%' without two hexadecimal digits");
  CHECK(message("a=%g1") == "the query: a '%' without two hexadecimal digits");
}

TEST_CASE("target: path and query of all forms") {
  const auto origin = parse_target("/metrics?collect[]=a?b");
  REQUIRE(origin);
  CHECK(origin->path == "/metrics");
  CHECK(origin->query == "collect[]=a?b");
  CHECK(parse_target("http://host:1/metr%69cs")->path == "/metrics");
  CHECK(parse_target("http://host")->path == "/");
  CHECK(parse_target("/a+b")->path == "/a+b");
  CHECK_FALSE(parse_target("*"));
  CHECK_FALSE(parse_target(""));
  CHECK_FALSE(parse_target("/metrics%00"));
  CHECK_FALSE(parse_target(std::string_view("/a\0b", 4)));
}

TEST_CASE("listen addresses") {
  const auto text = [](std::string_view given) {
    const auto address = parse_listen_address(given);
    return address ? address->text() : "refused: " + address.error().message;
  };
  CHECK(text(":10777") == ":10777");
  CHECK(text("127.0.0.1:0") == "127.0.0.1:0");
  CHECK(text("[::1]:9100") == "[::1]:9100");
  CHECK(parse_listen_address("[::1]:9100")->ipv6);
  for (const std::string_view bad :
       {"", "10777", ":", ":65536", ":-1", ":1x", "::1:80", "[::1]", "[127.0.0.1]:80",
        "localhost:80", "1.2.3:80", "vsock://:9100"}) {
    INFO(bad);
    CHECK(text(bad).starts_with("refused: '" + std::string(bad) + "': "));
  }
  CHECK_FALSE(parse_listen_address(std::string_view("1.2.3.4\0x:80", 12)));
}

}  // namespace
}  // namespace kernstat
