// SPDX-License-Identifier: Apache-2.0
// By which interface the host reaches the rest of the world.
#pragma once

#include <linux/netlink.h>

#include <cstdint>
#include <optional>

#include "collectors/support/netlink.h"

namespace kernstat {

/// The number of the interface of a route to another host, as the answer to RTM_GETROUTE says it
/// (rtnetlink(7)). Nothing when the message is of another type, malformed, or says that there is no
/// way. Its length must be within its buffer.
std::optional<std::int32_t> parse_route(const nlmsghdr& message);

/// The interface of the default route of an address family (AF_INET, AF_INET6); nothing without
/// one. The kernel looks up one address, whatever the size of its tables.
std::optional<std::int32_t> default_route_interface(RouteSocket& socket, std::uint8_t family);

}  // namespace kernstat
