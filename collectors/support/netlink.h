// SPDX-License-Identifier: Apache-2.0
// Dumps and questions over a netlink socket that stays open.
#pragma once

#include <libmnl/libmnl.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "collectors/support/result.h"

namespace kernstat {

/// One socket of NETLINK_ROUTE (rtnetlink(7)) in the network namespace of the thread that first
/// uses it. Needs no privilege. One thread at a time. Steady state allocates nothing.
class RouteSocket {
 public:
  /// Room for a request: a header, a family's header and a few attributes.
  using Request = std::array<char, 256>;

  /// Sends `request` (made with mnl_nlmsg_put_header; flags and number are set here) and calls
  /// `visit` for each message of the answer. Returns false when the kernel said that things changed
  /// while it answered: what was visited is no consistent picture, and the caller begins anew. A
  /// kernel that does not answer within two seconds is an error.
  Result<bool> dump(nlmsghdr& request, const std::function<void(const nlmsghdr&)>& visit);
  /// The same for a request that has one answer; what the kernel refuses is an error.
  Result<bool> ask(nlmsghdr& request, const std::function<void(const nlmsghdr&)>& visit);

 private:
  struct Close {
    void operator()(mnl_socket* socket) const { ::mnl_socket_close(socket); }
  };
  Result<void> open();
  Result<bool> exchange(nlmsghdr& request, std::uint16_t flags,
                        const std::function<void(const nlmsghdr&)>& visit);
  Result<bool> receive(const std::function<void(const nlmsghdr&)>& visit);

  std::unique_ptr<mnl_socket, Close> socket_;
  std::uint32_t number_ = 0;
  std::vector<char> buffer_;
};

/// A request of `type` (RTM_GET…) for an address family, with a family header of
/// `header_size` bytes whose first byte is the address family and whose others are 0.
nlmsghdr& begin_request(RouteSocket::Request& buffer, std::uint16_t type, std::uint8_t family,
                        std::size_t header_size);

/// Calls `visit` for each attribute in `size` bytes at `begin`, as far as they fit.
template <typename Visit>
void for_each_attribute(const void* begin, std::size_t size, const Visit& visit) {
  const auto* place = static_cast<const char*>(begin);
  while (size >= sizeof(nlattr)) {
    const auto* const attribute = static_cast<const nlattr*>(static_cast<const void*>(place));
    if (attribute->nla_len < sizeof(nlattr) || attribute->nla_len > size) return;
    visit(attribute);
    const std::size_t step = std::min<std::size_t>(MNL_ALIGN(attribute->nla_len), size);
    place += step;
    size -= step;
  }
}

/// The same for the attributes of a message that lie behind a family header of `header_size` bytes.
template <typename Visit>
void for_each_attribute(const nlmsghdr& message, std::size_t header_size, const Visit& visit) {
  const std::size_t offset = MNL_ALIGN(header_size);
  const std::size_t payload = ::mnl_nlmsg_get_payload_len(&message);
  if (payload <= offset) return;
  for_each_attribute(static_cast<const char*>(::mnl_nlmsg_get_payload(&message)) + offset,
                     payload - offset, visit);
}

}  // namespace kernstat
