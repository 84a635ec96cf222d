// SPDX-License-Identifier: Apache-2.0
#include "collectors/proc/filesystem.h"

#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "collectors/support/statfs_pool.h"
#include "tests/collectors/collector_fixture.h"
#include "tests/page_text.h"

namespace kernstat {
namespace {

bool has(const std::string& text, const std::string& line) {
  return ("\n" + text).find("\n" + line + "\n") != std::string::npos;
}

Rows<Mount> parsed(std::string_view text) {
  Rows<Mount> mounts;
  parse_mountinfo(text, mounts);
  return mounts;
}

// A host whose first process has `mountinfo`, and whose tree is the directory of it all.
struct TreeHost {
  explicit TreeHost(const std::string& mountinfo) {
    std::filesystem::create_directories(root / "proc/1");
    std::filesystem::create_directories(root / "data");
    put(mountinfo);
    host.proc = (root / "proc").string();
    host.root = root.string();
  }
  ~TreeHost() { std::filesystem::remove_all(root); }
  TreeHost(const TreeHost&) = delete;
  TreeHost& operator=(const TreeHost&) = delete;

  void put(const std::string& mountinfo) const {
    std::ofstream(root / "proc/1/mountinfo") << mountinfo;
  }

  std::filesystem::path root =
      std::filesystem::temp_directory_path() / ("kernstat_mounts_" + std::to_string(::getpid()));
  Host host;
};

}  // namespace

TEST_CASE("mountinfo lines give mounts") {
  const auto mounts = parsed(
      "44 28 8:1 / /boot ro,relatime shared:50 - ext4 /dev/sda1 rw\n"
      "45 28 253:3 /sub /a\\040b\\134 rw master:1 shared:2 - fuse.sshfs u@h:\\011x rw,a=ro\n"
      "46 28 0:60 / /n rw - nfs nas:/x rw,ro\n");
  REQUIRE(mounts.size() == 3);
  CHECK(mounts[0].id == 44);
  CHECK(mounts[0].read_only);
  CHECK(mounts[1].point == "/a b\\");
  CHECK(mounts[1].device == "u@h:\tx");
  CHECK(mounts[1].type == "fuse.sshfs");
  CHECK(mounts[1].major == 253);
  CHECK_FALSE(mounts[1].read_only);
  CHECK(mounts[2].read_only);
}

TEST_CASE("mountinfo lines of another shape are left out") {
  CHECK(parsed("").empty());
  CHECK(parsed("44 28 8:1 / /boot ro - ext4 /dev/sda1 rw").empty());
  CHECK(parsed("44 28 8:1 / /boot ro\n44 28 8:1 / /boot ro - ext4\n").empty());
  CHECK(parsed("44 28 81 / /boot ro - ext4 /dev/sda1 rw\n").empty());
  CHECK(parsed("x 28 8:1 / /boot ro - ext4 /dev/sda1 rw\n").empty());
  CHECK(parsed("4 2 99999999999:1 / /boot ro - ext4 /dev/sda1 rw\n\n").empty());
  CHECK(parsed("4 2 8:1 / boot ro - ext4 /dev/sda1 rw\n").empty());
  const auto odd = parsed("4 2 8:1 / /b\\9\\04\\777 rw - ext4 none rw\n");
  REQUIRE(odd.size() == 1);
  CHECK(odd[0].point == "/b\\9\\04\\777");
}

TEST_CASE("a mount below another on its point is covered") {
  const auto mounts = parsed(
      "1 0 8:1 / / rw - ext4 a rw\n2 1 8:2 / /m rw - ext4 b rw\n3 2 8:3 / /m rw - ext4 c rw\n");
  CHECK_FALSE(is_covered(mounts[0], mounts));
  CHECK(is_covered(mounts[1], mounts));
  CHECK_FALSE(is_covered(mounts[2], mounts));
}

TEST_CASE("filesystem says space and state of mounts under the root") {
  const TreeHost tree(
      "1 0 8:1 / /data rw - ext4 /dev/sda1 rw\n2 1 8:2 / /missing ro - xfs /dev/sdb rw\n"
      "3 1 0:9 / /proc rw - proc proc rw\n4 1 0:9 / /dev/shm rw - tmpfs tmpfs rw\n");
  const auto collector = made_collector("filesystem", tree.host);
  REQUIRE(tick(*collector).empty());
  const std::string text = collector_text(*collector);
  struct statfs space {};
  REQUIRE(::statfs((tree.root / "data").c_str(), &space) == 0);
  const std::string labels =
      "{device=\"/dev/sda1\",device_error=\"\",fstype=\"ext4\",mountpoint=\"/data\"} ";
  const auto begin = text.find("\nnode_filesystem_size_bytes" + labels);
  REQUIRE(begin != std::string::npos);
  CHECK(std::stod(text.substr(begin + 27 + labels.size())) ==
        static_cast<double>(space.f_blocks) * static_cast<double>(space.f_frsize));
  CHECK(has(text, "node_filesystem_device_error" + labels + "0"));
  CHECK(has(text, "node_filesystem_readonly" + labels + "0"));
  CHECK(has(text,
            "node_filesystem_device_error{device=\"/dev/sdb\",device_error=\"No such file or "
            "directory\",fstype=\"xfs\",mountpoint=\"/missing\"} 1"));
  CHECK(text.find("node_filesystem_size_bytes{device=\"/dev/sdb\"") == std::string::npos);
  CHECK(has(text,
            "node_filesystem_mount_info{device=\"/dev/sdb\",major=\"8\",minor=\"2\","
            "mountpoint=\"/missing\"} 1"));
  CHECK(text.find("/dev/shm") == std::string::npos);
  CHECK(text.find("proc") == text.find("proc/1/mountinfo"));
}

TEST_CASE("filesystem drops a mount that goes and says one that comes") {
  const TreeHost tree("1 0 8:1 / /data rw - ext4 /dev/sda1 rw\n");
  const auto collector = made_collector("filesystem", tree.host);
  REQUIRE(tick(*collector, 1).empty());
  tree.put("2 0 8:2 / /data rw - xfs /dev/sdb rw\n");
  REQUIRE(tick(*collector, 2).empty());
  const std::string text = collector_text(*collector);
  CHECK(text.find("sda1") == std::string::npos);
  CHECK(text.find("node_filesystem_size_bytes{device=\"/dev/sdb\"") != std::string::npos);
}

TEST_CASE("filesystem falls back to its own mounts, and tells them as the host knows them") {
  TreeHost tree("");
  std::filesystem::remove(tree.root / "proc/1/mountinfo");
  std::filesystem::create_directories(tree.root / "proc/self");
  std::ofstream(tree.root / "proc/self/mountinfo")
      << "1 0 8:1 / " + tree.root.string() +
             "/data rw - ext4 /dev/sda1 rw\n2 0 8:2 / /own rw - ext4 "
             "/dev/sdb rw\n";
  const auto collector = made_collector("filesystem", tree.host);
  REQUIRE(tick(*collector).empty());
  const std::string text = collector_text(*collector);
  CHECK(text.find("mountpoint=\"/data\"") != std::string::npos);
  CHECK(text.find("/own") == std::string::npos);
}

TEST_CASE("the pool answers, and cancels what has not begun") {
  StatfsPool& pool = StatfsPool::shared();
  const auto good = std::make_shared<StatfsProbe>(1, "/");
  const auto bad = std::make_shared<StatfsProbe>(2, "/nothing/here");
  int error = -1;
  struct statfs space {};
  CHECK(pool.take(*good, error, space) == StatfsPool::Progress::kIdle);
  const std::shared_ptr<StatfsProbe> asked[] = {pool.ask(good), pool.ask(bad)};
  pool.wait(asked, 5'000'000'000);
  CHECK(pool.take(*good, error, space) == StatfsPool::Progress::kAnswered);
  CHECK(error == 0);
  CHECK(space.f_blocks > 0);
  CHECK(pool.take(*bad, error, space) == StatfsPool::Progress::kAnswered);
  CHECK(error == ENOENT);
  CHECK(pool.take(*bad, error, space) == StatfsPool::Progress::kIdle);
  CHECK(pool.threads() <= StatfsPool::kMaxThreads);
}

}  // namespace kernstat
