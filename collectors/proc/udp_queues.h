// SPDX-License-Identifier: Apache-2.0
// Bytes waiting in UDP sockets, from /proc/net/udp and /proc/net/udp6.
#pragma once

#include <cstdint>
#include <string_view>

#include "collectors/support/result.h"

namespace kernstat {

/// Sums over all sockets of one protocol, in bytes.
struct UdpQueueSums {
  std::uint64_t transmit = 0;
  std::uint64_t receive = 0;
};

/// Adds up the column tx_queue:rx_queue (hexadecimal; kernel: net/ipv4/udp.c). A line that is cut
/// or of another shape is left out; a file without the heading is kInvalid.
Result<UdpQueueSums> parse_udp_queues(std::string_view text);

}  // namespace kernstat
