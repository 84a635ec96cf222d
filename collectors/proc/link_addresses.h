// SPDX-License-Identifier: Apache-2.0
// The addresses of network interfaces, from one rtnetlink dump.
#pragma once

#include <linux/netlink.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "collectors/options.h"
#include "collectors/proc/links.h"
#include "collectors/support/netlink.h"

namespace kernstat {

/// One address as RTM_NEWADDR has it.
struct InterfaceAddress {
  std::int32_t index = 0;
  std::string address;  ///< in the usual notation
  std::uint8_t prefix = 0;
  std::string_view scope;  ///< of the address itself: "link-local", "interface-local", "global", ""
};

/// Reads one message, whose length must be within its buffer. False when it is of another type,
/// malformed, or has no IPv4 or IPv6 address.
bool parse_address(const nlmsghdr& message, InterfaceAddress& into);

/// Label texts device, address, netmask, scope of all addresses of the interfaces that `devices`
/// accepts.
Result<std::shared_ptr<const std::vector<std::string>>> read_link_addresses(RouteSocket& socket,
                                                                            const Rows<Link>& links,
                                                                            const Filter& devices);

}  // namespace kernstat
