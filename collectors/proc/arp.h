// SPDX-License-Identifier: Apache-2.0
// Entries of the IPv4 neighbour (ARP) table, from one rtnetlink dump.
#pragma once

#include <linux/netlink.h>

#include <cstdint>
#include <optional>

namespace kernstat {

/// The interface of one neighbour entry that /proc/net/arp would list: IPv4, and resolved by ARP
/// (kernel: net/ipv4/arp.c). Nothing for other messages. The message's length must be within its
/// buffer.
std::optional<std::int32_t> parse_neighbour(const nlmsghdr& message);

}  // namespace kernstat
