// SPDX-License-Identifier: Apache-2.0
#include "collectors/proc/conntrack.h"

#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "tests/collectors/collector_fixture.h"
#include "tests/page_text.h"

namespace kernstat {
namespace {

constexpr const char* kHeading = "entries found invalid insert_failed drop search_restart\n";

}  // namespace

TEST_CASE("conntrack finds its columns by their headings") {
  ConntrackStat stat;
  REQUIRE(parse_conntrack_stat(
      "entries searched found\n00000001 00000002 000000ff\n00000001 00000002 00000001\n", stat));
  REQUIRE(stat.cpus.size() == 2);
  const auto found = static_cast<std::size_t>(ConntrackEvent::kFound);
  const auto drop = static_cast<std::size_t>(ConntrackEvent::kDrop);
  CHECK(stat.present[found]);
  CHECK_FALSE(stat.present[drop]);
  CHECK(stat.cpus[0][found] == 255);
  CHECK(stat.cpus[1][found] == 1);
}

TEST_CASE("conntrack refuses a file that lacks a CPU or a number") {
  ConntrackStat stat;
  CHECK_FALSE(parse_conntrack_stat("", stat));
  CHECK_FALSE(parse_conntrack_stat("entries found", stat));
  CHECK_FALSE(parse_conntrack_stat(kHeading, stat));
  CHECK_FALSE(parse_conntrack_stat(std::string(kHeading) + "1 2 3 4 5\n", stat));
  CHECK_FALSE(parse_conntrack_stat(std::string(kHeading) + "1 2 3 4 5 6", stat));
  CHECK_FALSE(parse_conntrack_stat(std::string(kHeading) + "1 2 3 4 5 g\n", stat));
  CHECK_FALSE(parse_conntrack_stat(std::string(kHeading) + "1 2 3 4 5 1ffffffff\n", stat));
}

TEST_CASE("conntrack serves the sums over all CPUs") {
  const auto collector = made_collector("conntrack", fixture_host());
  REQUIRE(tick(*collector).empty());
  const std::string text = collector_text(*collector);
  CHECK(text.find("\nnode_nf_conntrack_entries 33\n") != std::string::npos);
  CHECK(text.find("\nnode_nf_conntrack_entries_limit 262144\n") != std::string::npos);
  CHECK(text.find("\nnode_nf_conntrack_stat_found 4\n") != std::string::npos);
  CHECK(text.find("\nnode_nf_conntrack_stat_invalid 30\n") != std::string::npos);
  CHECK(text.find("\nnode_nf_conntrack_stat_ignore 1024\n") != std::string::npos);
  CHECK(text.find("\nnode_nf_conntrack_stat_insert_failed 3\n") != std::string::npos);
  CHECK(text.find("\nnode_nf_conntrack_stat_search_restart 8\n") != std::string::npos);
}

TEST_CASE("conntrack goes on counting when 32 bits wrap") {
  const std::filesystem::path root =
      std::filesystem::temp_directory_path() / ("kernstat_conntrack_" + std::to_string(::getpid()));
  std::filesystem::create_directories(root / "sys/net/netfilter");
  std::filesystem::create_directories(root / "net/stat");
  const auto put = [&](const char* file, const std::string& text) {
    std::ofstream(root / file) << text;
  };
  put("sys/net/netfilter/nf_conntrack_count", "1\n");
  put("sys/net/netfilter/nf_conntrack_max", "2\n");
  put("net/stat/nf_conntrack", "found\nfffffff0\n");
  Host host;
  host.proc = root.string();
  const auto collector = made_collector("conntrack", host);
  REQUIRE(tick(*collector, 1).empty());
  put("net/stat/nf_conntrack", "found\n00000010\n");
  REQUIRE(tick(*collector, 2).empty());
  CHECK(collector_text(*collector).find("\nnode_nf_conntrack_stat_found 4294967312\n") !=
        std::string::npos);
  std::filesystem::remove_all(root);
}

}  // namespace kernstat
