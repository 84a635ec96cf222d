// SPDX-License-Identifier: Apache-2.0
#include "daemon/sockets.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cstring>
#include <memory>
#include <optional>
#include <string_view>

#include "collectors/support/fd.h"
#include "collectors/support/text.h"

namespace kernstat {
namespace {

// Rounded up by the kernel to what the first retransmission of a handshake takes.
constexpr int kDeferSeconds = 1;

template <typename Use>
void for_descriptors(const Use& use) {
  const std::unique_ptr<DIR, int (*)(DIR*)> directory(::opendir("/proc/self/fd"), ::closedir);
  if (!directory) return;
  while (const dirent* entry = ::readdir(directory.get())) {
    if (const auto fd = to_number<int>(entry->d_name)) use(*fd);
  }
}

using GetName = int (*)(int, sockaddr*, socklen_t*);

// The near (getsockname) or far (getpeername) end of an IP socket.
std::optional<Peer> endpoint(int fd, GetName get_name) {
  sockaddr_storage name{};
  socklen_t size = sizeof name;
  if (get_name(fd, reinterpret_cast<sockaddr*>(&name), &size) != 0) return {};
  char text[INET6_ADDRSTRLEN]{};
  if (name.ss_family == AF_INET) {
    sockaddr_in ipv4{};
    std::memcpy(&ipv4, &name, sizeof ipv4);
    ::inet_ntop(AF_INET, &ipv4.sin_addr, text, sizeof text);
    return Peer{text, ntohs(ipv4.sin_port)};
  }
  if (name.ss_family != AF_INET6) return {};
  sockaddr_in6 ipv6{};
  std::memcpy(&ipv6, &name, sizeof ipv6);
  ::inet_ntop(AF_INET6, &ipv6.sin6_addr, text, sizeof text);
  return Peer{text, ntohs(ipv6.sin6_port)};
}

template <typename Use>
void for_listeners(std::uint16_t port, const Use& use) {
  for_descriptors([&](int fd) {
    int listens = 0;
    socklen_t size = sizeof listens;
    if (::getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) != 0 || listens == 0) return;
    const auto own = endpoint(fd, ::getsockname);
    if (own && own->port == port) use(fd);
  });
}

}  // namespace

void defer_accept(std::uint16_t port) {
  for_listeners(port, [](int fd) {
    ::setsockopt(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, &kDeferSeconds, sizeof kDeferSeconds);
  });
}

void shut_listener(std::uint16_t port) {
  for_listeners(port, [](int fd) { ::shutdown(fd, SHUT_RDWR); });
}

std::vector<IncomingConnection> incoming_connections(std::uint16_t port) {
  std::vector<IncomingConnection> all;
  for_descriptors([&](int fd) {
    const auto near = endpoint(fd, ::getsockname);
    if (!near || near->port != port) return;
    if (auto far = endpoint(fd, ::getpeername)) all.push_back({fd, std::move(*far)});
  });
  return all;
}

bool has_waiting_request(const IncomingConnection& connection) {
  char head[4096];
  const auto size = ::recv(connection.fd, head, sizeof head, MSG_PEEK | MSG_DONTWAIT);
  return size > 0 && std::string_view(head, static_cast<std::size_t>(size)).find("\r\n\r\n") !=
                         std::string_view::npos;
}

void shut_connection(const IncomingConnection& connection) {
  // A descriptor of our own: the server may close its one at any time, and give the number to
  // another connection between the look and the end.
  const Fd own(::fcntl(connection.fd, F_DUPFD_CLOEXEC, 0));
  if (own && endpoint(own.get(), ::getpeername) == connection.peer) {
    ::shutdown(own.get(), SHUT_RDWR);
  }
}

}  // namespace kernstat
