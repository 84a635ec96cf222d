// SPDX-License-Identifier: Apache-2.0
#include "config/listen_address.h"

#include <arpa/inet.h>

#include <array>

#include "collectors/support/text.h"

namespace kernstat {

std::string ListenAddress::text() const {
  return (ipv6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

Result<ListenAddress> parse_listen_address(std::string_view text) {
  const auto refuse = [&](std::string_view why) {
    return fail(ErrorKind::kInvalid, "'" + std::string(text) + "': " + std::string(why) +
                                         "; expected an address like :10777, 127.0.0.1:10777 or "
                                         "[::1]:10777");
  };
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) return refuse("no port");
  const std::string_view digits = text.substr(colon + 1);
  const auto port = to_number<std::uint16_t>(digits);
  if (!port || digits.size() > 5) return refuse("the port is not a number from 0 to 65535");
  std::string_view host = text.substr(0, colon);
  ListenAddress address;
  address.port = *port;
  if (host.empty()) return address;
  if (host.starts_with('[') && host.ends_with(']')) {
    address.ipv6 = true;
    host = host.substr(1, host.size() - 2);
  }
  address.host = host;
  std::array<unsigned char, sizeof(in6_addr)> parsed{};
  // A NUL byte would end the text for inet_pton.
  if (host.find('\0') != std::string_view::npos ||
      ::inet_pton(address.ipv6 ? AF_INET6 : AF_INET, address.host.c_str(), parsed.data()) != 1) {
    return refuse(address.ipv6 ? "not an IPv6 address" : "not an IPv4 address");
  }
  return address;
}

}  // namespace kernstat
