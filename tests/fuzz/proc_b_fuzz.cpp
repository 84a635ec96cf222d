// SPDX-License-Identifier: Apache-2.0
// The parsers of /proc text about disks, mounts and the network, of udev's data base and of
// rtnetlink's messages. A first byte below 32 chooses one parser for the rest of the input; any
// other input, such as a file of tests/fixtures, which is the corpus to begin with, goes through
// all of them.
#include <linux/rtnetlink.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <vector>

#include "collectors/proc/arp.h"
#include "collectors/proc/conntrack.h"
#include "collectors/proc/default_route.h"
#include "collectors/proc/diskstats.h"
#include "collectors/proc/link_addresses.h"
#include "collectors/proc/mounts.h"
#include "collectors/proc/netclass.h"
#include "collectors/proc/netstat.h"
#include "collectors/proc/sockstat.h"
#include "collectors/proc/udp_queues.h"
#include "tests/fuzz/targets.h"

namespace {

using namespace kernstat;

void netstat(std::string_view text) {
  static NamedValues values;
  values.clear();
  static_cast<void>(parse_netstat(text, values));
  parse_snmp6(text, values);
  parse_sockstat(text, 4096, values);
}

void diskstats(std::string_view text) {
  static Rows<Disk> disks;
  static DiskHistory history;
  parse_diskstats(text, disks);
  for (Disk& disk : disks) {
    if (disk.columns < kDiscards || disk.columns > kDiskColumns) std::abort();
    disk.labels = "x";
  }
  history.follow(disks);
}

void udev(std::string_view text) {
  static_cast<void>(make_disk_info("sda", 8, 0, "1", parse_udev_data(text)));
}

void mounts(std::string_view text) {
  static Rows<Mount> all;
  parse_mountinfo(text, all);
  for (const Mount& mount : all) {
    if (!mount.point.starts_with('/')) std::abort();
    static_cast<void>(is_covered(mount, all));
  }
}

// As the kernel's answers come: a header with a length that fits, aligned.
void message(std::string_view text) {
  if (text.size() < sizeof(nlmsghdr)) return;
  std::vector<std::uint64_t> aligned(text.size() / sizeof(std::uint64_t) + 1);
  std::memcpy(aligned.data(), text.data(), text.size());
  auto* const header = static_cast<nlmsghdr*>(static_cast<void*>(aligned.data()));
  header->nlmsg_len = static_cast<std::uint32_t>(text.size());
  LinkState state;
  header->nlmsg_type = RTM_NEWLINK;
  if (parse_link(*header, state.link)) make_link_labels(state);
  InterfaceAddress address;
  header->nlmsg_type = RTM_NEWADDR;
  static_cast<void>(parse_address(*header, address));
  header->nlmsg_type = RTM_NEWNEIGH;
  static_cast<void>(parse_neighbour(*header));
  header->nlmsg_type = RTM_NEWROUTE;
  static_cast<void>(parse_route(*header));
}

void conntrack(std::string_view text) {
  ConntrackStat stat;
  static_cast<void>(parse_conntrack_stat(text, stat));
}

void udp_queues(std::string_view text) { static_cast<void>(parse_udp_queues(text)); }

constexpr FuzzTarget kTargets[] = {netstat, conntrack, udp_queues, diskstats,
                                   udev,    mounts,    message};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz_one_of(kTargets, data, size);
  return 0;
}
