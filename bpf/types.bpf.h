// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// Types of label members. The engine reads a key's members from BTF; the name of the typedef
// chooses how the number becomes text. A member's name is the label's name. Beside these:
//
//   enum x { x_read, x_write }   the enumerator without "x_", in lower case
//   bool                         true, false
//   char name[N]                 text up to the first NUL, made valid UTF-8
//   __u8 … __u64, __s32, __s64   decimal
#ifndef KERNSTAT_TYPES_BPF_H
#define KERNSTAT_TYPES_BPF_H

#include <linux/types.h>

/// The kernel's internal dev_t (major << 20 | minor) of a block device: its name, such as "sda1".
typedef __u32 disk_dev;

/// An interface. Numbers are unique within their network namespace only: the label is the
/// interface's name in the host's namespace, and "other" elsewhere. net_namespace is
/// net->ns.inum; 0 means the host's.
typedef struct {
  __u32 net_namespace;
  __u32 index;
} net_interface;

/// An interface number known to be of the host's namespace.
typedef __u32 ifindex;

/// An errno, positive or negative: its name, such as "ECONNREFUSED"; 0 is "none".
typedef __s32 errno_code;

/// blk_status_t of the block layer: "ok", "ioerr", "timeout", …
typedef __u32 blk_status_code;

/// The id of a cgroup (its directory's inode number): systemd unit if there is one in the path,
/// else the path from the hierarchy's root; "other" once it has gone.
typedef __u64 cgroup_id;

/// The same, as the full path.
typedef __u64 cgroup_path;

/// An address in the kernel's text: the function's name without offset.
typedef __u64 ksym_addr;

/// A system call number of the native ABI: its name, such as "openat".
typedef __u32 syscall_nr;

/// TCP state: "established", "syn_sent", …
typedef __u32 tcp_state;

/// AF_…: "inet", "inet6", "unix", "netlink", "packet", "vsock", else "other".
typedef __u32 address_family;

/// IPPROTO_…: "tcp", "udp", "icmp", "icmpv6", "sctp", "raw", …, else "other".
typedef __u32 ip_protocol;

/// ETH_P_… in host order: "ip", "ipv6", "arp", "vlan", …, else "other".
typedef __u32 ether_type;

/// super_block->s_magic, cut to 32 bits: "ext4", "xfs", "tmpfs", …, else "other".
typedef __u32 fs_magic;

/// A value of an enum of the running kernel, named by its BTF: the enumerator in lower case without
/// the prefix that all share. KS_KERNEL_ENUM(skb_drop_reason, SKB_DROP_REASON_) declares the type
/// kernel_enum__skb_drop_reason; the engine looks the enum up by that name.
#define KS_KERNEL_ENUM(name) typedef __u32 kernel_enum__##name

#endif
