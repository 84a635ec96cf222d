// SPDX-License-Identifier: Apache-2.0
// What the HTTP library does not let out: its sockets, found among the process's descriptors.
#pragma once

#include <cstdint>
#include <string_view>

namespace kernstat {

/// Makes the kernel hand over connections of the listening socket on `port` only when they have
/// sent something (TCP_DEFER_ACCEPT, tcp(7)): who only connects then holds no thread.
void defer_accept(std::uint16_t port);

/// Wakes whoever waits on the listening socket of `port`, for good.
void shut_listener(std::uint16_t port);

/// Ends the connection whose far end is this numeric address and port, in both directions. The
/// descriptor stays open, and its owner sees the end of the stream. Nothing happens when there is
/// no such connection.
void shut_connection(std::string_view address, std::uint16_t port);

}  // namespace kernstat
