// SPDX-License-Identifier: Apache-2.0
#include "collectors/bpf/label_tables.h"

#include <linux/if_ether.h>
#include <linux/magic.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <utility>

namespace kernstat::bpf {
namespace {

using Entry = std::pair<std::uint64_t, std::string_view>;

template <std::size_t N>
std::string_view find(const std::array<Entry, N>& table, std::uint64_t value) {
  const auto found =
      std::find_if(table.begin(), table.end(), [&](const Entry& e) { return e.first == value; });
  return found == table.end() ? std::string_view() : found->second;
}

template <std::size_t N>
std::string_view at(const std::array<std::string_view, N>& table, std::uint64_t index) {
  return index < N ? table[index] : std::string_view();
}

// Numbers above 13 changed their meaning between kernels.
constexpr std::array<std::string_view, 14> kBlockStatus{
    "ok",     "notsupp",    "timeout",  "nospc", "transport",  "target", "resv_conflict",
    "medium", "protection", "resource", "ioerr", "dm_requeue", "again",  "dev_resource"};

constexpr std::array<std::string_view, 14> kTcpStates{
    "",      "established", "syn_sent", "syn_recv", "fin_wait1", "fin_wait2",    "time_wait",
    "close", "close_wait",  "last_ack", "listen",   "closing",   "new_syn_recv", "bound_inactive"};

constexpr std::array<Entry, 10> kFamilies{{{AF_UNSPEC, "unspec"},
                                           {AF_UNIX, "unix"},
                                           {AF_INET, "inet"},
                                           {AF_INET6, "inet6"},
                                           {AF_NETLINK, "netlink"},
                                           {AF_PACKET, "packet"},
                                           {AF_ALG, "alg"},
                                           {AF_VSOCK, "vsock"},
                                           {AF_XDP, "xdp"},
                                           {AF_BLUETOOTH, "bluetooth"}}};

constexpr std::array<Entry, 14> kProtocols{{{IPPROTO_IP, "ip"},
                                            {IPPROTO_ICMP, "icmp"},
                                            {IPPROTO_IGMP, "igmp"},
                                            {IPPROTO_IPIP, "ipip"},
                                            {IPPROTO_TCP, "tcp"},
                                            {IPPROTO_UDP, "udp"},
                                            {IPPROTO_IPV6, "ipv6"},
                                            {IPPROTO_GRE, "gre"},
                                            {IPPROTO_ESP, "esp"},
                                            {IPPROTO_AH, "ah"},
                                            {IPPROTO_ICMPV6, "icmpv6"},
                                            {IPPROTO_SCTP, "sctp"},
                                            {IPPROTO_UDPLITE, "udplite"},
                                            {IPPROTO_RAW, "raw"}}};

constexpr std::array<Entry, 12> kEtherTypes{{{ETH_P_IP, "ip"},
                                             {ETH_P_IPV6, "ipv6"},
                                             {ETH_P_ARP, "arp"},
                                             {ETH_P_RARP, "rarp"},
                                             {ETH_P_8021Q, "vlan"},
                                             {ETH_P_8021AD, "qinq"},
                                             {ETH_P_MPLS_UC, "mpls"},
                                             {ETH_P_PPP_SES, "pppoe"},
                                             {ETH_P_LLDP, "lldp"},
                                             {ETH_P_PAE, "eapol"},
                                             {ETH_P_802_2, "llc"},
                                             {ETH_P_SLOW, "slow"}}};

constexpr std::array<Entry, 30> kFileSystems{{{EXT4_SUPER_MAGIC, "ext4"},
                                              {XFS_SUPER_MAGIC, "xfs"},
                                              {BTRFS_SUPER_MAGIC, "btrfs"},
                                              {TMPFS_MAGIC, "tmpfs"},
                                              {OVERLAYFS_SUPER_MAGIC, "overlay"},
                                              {NFS_SUPER_MAGIC, "nfs"},
                                              {0xFF534D42, "cifs"},
                                              {0xFE534D42, "smb2"},
                                              {0x65735546, "fuse"},
                                              {F2FS_SUPER_MAGIC, "f2fs"},
                                              {0x2FC12FC1, "zfs"},
                                              {0xCA451A4E, "bcachefs"},
                                              {CEPH_SUPER_MAGIC, "ceph"},
                                              {0x01161970, "gfs2"},
                                              {0x7461636F, "ocfs2"},
                                              {MSDOS_SUPER_MAGIC, "vfat"},
                                              {EXFAT_SUPER_MAGIC, "exfat"},
                                              {0x5346544E, "ntfs"},
                                              {ISOFS_SUPER_MAGIC, "iso9660"},
                                              {SQUASHFS_MAGIC, "squashfs"},
                                              {EROFS_SUPER_MAGIC_V1, "erofs"},
                                              {V9FS_MAGIC, "9p"},
                                              {RAMFS_MAGIC, "ramfs"},
                                              {HUGETLBFS_MAGIC, "hugetlbfs"},
                                              {PROC_SUPER_MAGIC, "proc"},
                                              {SYSFS_MAGIC, "sysfs"},
                                              {CGROUP_SUPER_MAGIC, "cgroup"},
                                              {CGROUP2_SUPER_MAGIC, "cgroup2"},
                                              {SOCKFS_MAGIC, "sockfs"},
                                              {PIPEFS_MAGIC, "pipefs"}}};

constexpr std::pair<std::uint64_t, std::string_view> kSyscalls[] = {
#include "kernstat_syscalls.inc"
};

}  // namespace

std::string_view block_status_name(std::uint64_t status) { return at(kBlockStatus, status); }

std::string_view syscall_name(std::uint64_t number) {
  const auto* found = std::lower_bound(std::begin(kSyscalls), std::end(kSyscalls), number,
                                       [](const Entry& e, std::uint64_t n) { return e.first < n; });
  return found == std::end(kSyscalls) || found->first != number ? std::string_view()
                                                                : found->second;
}

std::string_view tcp_state_name(std::uint64_t state) { return at(kTcpStates, state); }
std::string_view address_family_name(std::uint64_t family) { return find(kFamilies, family); }
std::string_view ip_protocol_name(std::uint64_t protocol) { return find(kProtocols, protocol); }
std::string_view ether_type_name(std::uint64_t type) { return find(kEtherTypes, type); }
std::string_view fs_magic_name(std::uint64_t magic) { return find(kFileSystems, magic); }

}  // namespace kernstat::bpf
