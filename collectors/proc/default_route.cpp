// SPDX-License-Identifier: Apache-2.0
#include "collectors/proc/default_route.h"

#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <array>

namespace kernstat {
namespace {

// Addresses for documentation (RFC 5737, RFC 3849), which hardly anybody routes by themselves.
constexpr std::array<std::uint8_t, 4> kSomewhere4{192, 0, 2, 1};
constexpr std::array<std::uint8_t, 16> kSomewhere6{0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0,
                                                   0,    0,    0,    0,    0, 0, 0, 1};

}  // namespace

std::optional<std::int32_t> parse_route(const nlmsghdr& message) {
  if (message.nlmsg_type != RTM_NEWROUTE) return std::nullopt;
  if (message.nlmsg_len < MNL_NLMSG_HDRLEN + sizeof(rtmsg)) return std::nullopt;
  const auto* const header = static_cast<const rtmsg*>(::mnl_nlmsg_get_payload(&message));
  if (header->rtm_type != RTN_UNICAST) return std::nullopt;
  std::optional<std::int32_t> index;
  for_each_attribute(message, sizeof(rtmsg), [&](const nlattr* attribute) {
    if (::mnl_attr_get_type(attribute) != RTA_OIF) return;
    if (::mnl_attr_get_payload_len(attribute) != sizeof(std::uint32_t)) return;
    index = static_cast<std::int32_t>(::mnl_attr_get_u32(attribute));
  });
  return index;
}

std::optional<std::int32_t> default_route_interface(RouteSocket& socket, std::uint8_t family) {
  RouteSocket::Request buffer{};
  nlmsghdr& request = begin_request(buffer, RTM_GETROUTE, family, sizeof(rtmsg));
  const bool is_v4 = family == AF_INET;
  const std::size_t size = is_v4 ? kSomewhere4.size() : kSomewhere6.size();
  static_cast<rtmsg*>(::mnl_nlmsg_get_payload(&request))->rtm_dst_len =
      static_cast<std::uint8_t>(8 * size);
  ::mnl_attr_put(&request, RTA_DST, size, is_v4 ? kSomewhere4.data() : kSomewhere6.data());
  std::optional<std::int32_t> index;
  const auto asked =
      socket.ask(request, [&](const nlmsghdr& message) { index = parse_route(message); });
  // An error says that there is no such route.
  return asked ? index : std::nullopt;
}

}  // namespace kernstat
