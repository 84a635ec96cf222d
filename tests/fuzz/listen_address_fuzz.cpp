// SPDX-License-Identifier: Apache-2.0
// Listen addresses: what is accepted is printed as it was written, and read again as the same.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "config/listen_address.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace kernstat;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto address = parse_listen_address(text);
  if (!address) return 0;
  const auto again = parse_listen_address(address->text());
  if (!again || again->host != address->host || again->port != address->port ||
      again->ipv6 != address->ipv6) {
    std::abort();
  }
  return 0;
}
