// SPDX-License-Identifier: Apache-2.0
// What the HTTP library does not let out: its sockets, found among the process's descriptors.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace kernstat {

/// The far end of a TCP connection.
struct Peer {
  std::string address;  ///< numeric
  std::uint16_t port = 0;
  bool operator==(const Peer&) const = default;
};

/// A connection that came in on a port of ours.
struct IncomingConnection {
  int fd = -1;
  Peer peer;
};

/// Makes the kernel hand over connections of the listening socket on `port` only when they have
/// sent something (TCP_DEFER_ACCEPT, tcp(7)): who only connects then holds no thread for a while.
void defer_accept(std::uint16_t port);

/// Wakes whoever waits on the listening socket of `port`, for good.
void shut_listener(std::uint16_t port);

/// All connections whose near end is `port`, accepted or waiting inside the library.
std::vector<IncomingConnection> incoming_connections(std::uint16_t port);

/// True when a whole request's head lies in the socket and nobody has read it yet: the connection
/// waits for its server, not for its client.
bool has_waiting_request(const IncomingConnection& connection);

/// Ends a connection in both directions, if its descriptor still is that connection. The descriptor
/// stays open, and its owner sees the end of the stream. (If the owner closes it and accepts
/// another one between the check and the call, that one ends: its client asks again.)
void shut_connection(const IncomingConnection& connection);

}  // namespace kernstat
