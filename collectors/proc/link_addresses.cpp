// SPDX-License-Identifier: Apache-2.0
#include "collectors/proc/link_addresses.h"

#include <arpa/inet.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>

#include <algorithm>
#include <cstring>

#include "collectors/support/labels.h"

namespace kernstat {
namespace {

std::string_view scope_of(std::uint8_t family, const std::uint8_t* bytes) {
  if (family == AF_INET) {
    const bool loopback = bytes[0] == 127;
    const bool link_local = bytes[0] == 169 && bytes[1] == 254;
    return loopback || link_local ? "link-local" : "global";
  }
  in6_addr address{};
  std::memcpy(&address, bytes, sizeof(address));
  if (IN6_IS_ADDR_LOOPBACK(&address) || IN6_IS_ADDR_LINKLOCAL(&address) ||
      IN6_IS_ADDR_MC_LINKLOCAL(&address)) {
    return "link-local";
  }
  return IN6_IS_ADDR_MC_NODELOCAL(&address) ? "interface-local" : "global";
}

}  // namespace

bool parse_address(const nlmsghdr& message, InterfaceAddress& into) {
  if (message.nlmsg_type != RTM_NEWADDR) return false;
  if (message.nlmsg_len < MNL_NLMSG_HDRLEN + sizeof(ifaddrmsg)) return false;
  const auto* const header = static_cast<const ifaddrmsg*>(::mnl_nlmsg_get_payload(&message));
  if (header->ifa_family != AF_INET && header->ifa_family != AF_INET6) return false;
  const std::size_t size = header->ifa_family == AF_INET ? 4 : 16;
  const std::uint8_t* bytes = nullptr;
  for_each_attribute(message, sizeof(ifaddrmsg), [&](const nlattr* attribute) {
    // The local end counts where an interface has two (point to point).
    const auto type = ::mnl_attr_get_type(attribute);
    if (::mnl_attr_get_payload_len(attribute) < size) return;
    if (type == IFA_LOCAL || (type == IFA_ADDRESS && bytes == nullptr)) {
      bytes = static_cast<const std::uint8_t*>(::mnl_attr_get_payload(attribute));
    }
  });
  if (bytes == nullptr) return false;
  char text[INET6_ADDRSTRLEN] = {};
  if (::inet_ntop(header->ifa_family, bytes, text, sizeof(text)) == nullptr) return false;
  into.index = static_cast<std::int32_t>(header->ifa_index);
  into.address = text;
  into.prefix = header->ifa_prefixlen;
  into.scope = scope_of(header->ifa_family, bytes);
  return true;
}

Result<std::shared_ptr<const std::vector<std::string>>> read_link_addresses(RouteSocket& socket,
                                                                            const Rows<Link>& links,
                                                                            const Filter& devices) {
  constexpr int kTries = 5;
  for (int tries = 0; tries < kTries; ++tries) {
    auto texts = std::make_shared<std::vector<std::string>>();
    RouteSocket::Request buffer{};
    nlmsghdr& request = begin_request(buffer, RTM_GETADDR, AF_UNSPEC, sizeof(ifaddrmsg));
    const auto take = [&](const nlmsghdr& message) {
      InterfaceAddress address;
      if (!parse_address(message, address)) return;
      const auto* const link = std::find_if(links.begin(), links.end(), [&](const Link& each) {
        return each.index == address.index;
      });
      if (link == links.end() || !devices.accepts(link->name)) return;
      Labels labels("device", link->name);
      labels.add("address", address.address).add("netmask", std::to_string(address.prefix));
      texts->push_back(labels.add("scope", address.scope).text());
    };
    const auto consistent = socket.dump(request, take);
    if (!consistent) return fail("addresses", consistent.error());
    if (*consistent) return std::shared_ptr<const std::vector<std::string>>(std::move(texts));
  }
  return fail(ErrorKind::kSystem, "addresses change faster than they can be listed");
}

}  // namespace kernstat
