// SPDX-License-Identifier: Apache-2.0
#include "collectors/bpf/decoders.h"

#include <catch2/catch.hpp>
#include <cstring>

#include "collectors/bpf/cgroup_names.h"
#include "collectors/bpf/costs.h"
#include "collectors/bpf/label_tables.h"
#include "collectors/bpf/names.h"

using namespace kernstat;
using namespace kernstat::bpf;

namespace {

template <typename T>
std::string decoded(const char* type, T value) {
  static Names names{Host{}};
  const Decoder* decoder = find_decoder(type);
  REQUIRE(decoder != nullptr);
  REQUIRE(decoder->size == sizeof value);
  std::string out;
  decoder->decode(std::as_bytes(std::span(&value, 1)), {}, names, out);
  return out;
}

}  // namespace

TEST_CASE("numbers of the kernel's interface have names") {
  CHECK(decoded<std::int32_t>("errno_code", 0) == "none");
  CHECK(decoded<std::int32_t>("errno_code", 111) == "ECONNREFUSED");
  CHECK(decoded<std::int32_t>("errno_code", -2) == "ENOENT");
  CHECK(decoded<std::int32_t>("errno_code", -512) == "ERESTARTSYS");
  CHECK(decoded<std::int32_t>("errno_code", 99999) == "other");
  CHECK(decoded<std::int32_t>("errno_code", INT32_MIN) == "other");
  CHECK(decoded<std::uint32_t>("tcp_state", 1) == "established");
  CHECK(decoded<std::uint32_t>("tcp_state", 10) == "listen");
  CHECK(decoded<std::uint32_t>("tcp_state", 99) == "other");
  CHECK(decoded<std::uint32_t>("address_family", 10) == "inet6");
  CHECK(decoded<std::uint32_t>("ip_protocol", 17) == "udp");
  CHECK(decoded<std::uint32_t>("ether_type", 0x86dd) == "ipv6");
  CHECK(decoded<std::uint32_t>("fs_magic", 0xef53) == "ext4");
  CHECK(decoded<std::uint32_t>("fs_magic", 0x9123683e) == "btrfs");
  CHECK(decoded<std::uint32_t>("blk_status_code", 10) == "ioerr");
  CHECK(decoded<std::uint32_t>("blk_status_code", 14) == "other");
  CHECK(find_decoder("no_such_type") == nullptr);
}

TEST_CASE("system calls are those of this machine") {
#if defined(__x86_64__)
  CHECK(decoded<std::uint32_t>("syscall_nr", 0) == "read");
  CHECK(decoded<std::uint32_t>("syscall_nr", 257) == "openat");
#endif
  CHECK(decoded<std::uint32_t>("syscall_nr", 9999) == "other");
}

TEST_CASE("interfaces are named in the host's namespace only") {
  struct {
    std::uint32_t name_space;
    std::uint32_t index;
  } device{0, 1};
  CHECK(decoded("net_interface", device) == "lo");
  device.name_space = 12345;
  CHECK(decoded("net_interface", device) == "other");
  device = {0, 0};
  CHECK(decoded("net_interface", device) == "none");
  device = {0, 0x7fffffff};
  CHECK(decoded("net_interface", device) == "other");
}

TEST_CASE("workloads are what systemd manages") {
  CHECK(workload_of("/system.slice/ssh.service") == "ssh.service");
  CHECK(workload_of("/system.slice/docker.service/x/y") == "docker.service");
  CHECK(workload_of("/user.slice/user-0.slice/session-1.scope") == "session-1.scope");
  CHECK(workload_of("/user.slice") == "user.slice");
  CHECK(workload_of("/docker/abc") == "/docker/abc");
  CHECK(workload_of("/") == "/");
  CHECK(workload_of("") == "");
}

TEST_CASE("the hierarchy that names workloads is found on v1, v2 and hybrid hosts") {
  const std::string v1 =
      "30 23 0:26 / /sys/fs/cgroup/cpu rw,relatime - cgroup cgroup rw,cpu,cpuacct\n"
      "31 23 0:27 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory\n";
  const std::string unified =
      "32 23 0:28 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n";
  CHECK(choose_hierarchy(unified, true).root == "/sys/fs/cgroup");
  CHECK(choose_hierarchy(unified, true).controller.empty());
  CHECK(choose_hierarchy(v1 + unified, false).controller == "memory");
  CHECK(choose_hierarchy(v1 + unified, false).root == "/sys/fs/cgroup/memory");
  CHECK(choose_hierarchy("", true).root.empty());
  CHECK(choose_hierarchy("1 2\n\n - - -\n", true).root.empty());
}

TEST_CASE("costs follow the timed runs and never go back") {
  Costs costs({"a", "b"});
  Rows rows;
  const auto tell = [&](std::uint64_t runs, std::uint64_t timed, std::uint64_t ns) {
    rows.clear(4, 3);
    const std::uint32_t slot = 1;
    const std::uint64_t value[3] = {runs, timed, ns};
    rows.add(std::as_bytes(std::span(&slot, 1)), value);
    costs.update(rows);
    return costs.programs()[1];
  };
  // 8 ns a run are spent before the clock is read.
  CHECK(tell(64, 1, 1000).seconds == Approx(64 * 1008e-9));
  CHECK(tell(128, 2, 1100).seconds == Approx(64 * 1008e-9 + 64 * 108e-9));
  // None timed since: what all of them took on average.
  CHECK(tell(138, 2, 1100).seconds == Approx(64 * 1008e-9 + 64 * 108e-9 + 10 * 558e-9));
  CHECK(costs.programs()[0].runs == 0);
  CHECK(costs.seconds() == Approx(64 * 1008e-9 + 64 * 108e-9 + 10 * 558e-9));
}

TEST_CASE("a tool over its budget is shed and comes back after longer and longer pauses") {
  constexpr std::int64_t kSecond = 1'000'000'000;
  Budget budget(0.01);
  CHECK_FALSE(budget.exceeded(0, 0));
  CHECK_FALSE(budget.exceeded(0.1, 4 * kSecond));   // too soon to say
  CHECK_FALSE(budget.exceeded(0.2, 10 * kSecond));  // 2 %, but not for long
  CHECK(budget.exceeded(0.6, 30 * kSecond));
  CHECK(budget.last_share() == Approx(0.02));
  budget.shed(30 * kSecond);
  CHECK_FALSE(budget.may_resume(89 * kSecond));
  CHECK(budget.may_resume(90 * kSecond));
  budget.resume(0.6, 90 * kSecond);
  CHECK(budget.exceeded(0.6 + 0.05 * 6, 96 * kSecond));  // five times too much for 6 s
  budget.shed(96 * kSecond);
  CHECK_FALSE(budget.may_resume((96 + 119) * kSecond));
  CHECK(budget.may_resume((96 + 120) * kSecond));
  Budget fine(0.01);
  fine.exceeded(0, 0);
  for (int i = 1; i < 100; ++i) CHECK_FALSE(fine.exceeded(0.009 * i, i * kSecond));
}
