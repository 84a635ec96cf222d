// SPDX-License-Identifier: Apache-2.0
#include "daemon/sockets.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>

namespace kernstat {
namespace {

// Half a second is rounded up to what a handshake's first retransmission takes (RFC 6298: 1 s).
constexpr int kDeferSeconds = 1;
constexpr int kMostDescriptors = 4096;

int descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return kMostDescriptors;
  return static_cast<int>(std::min<rlim_t>(limit.rlim_cur, kMostDescriptors));
}

struct Endpoint {
  char address[INET6_ADDRSTRLEN]{};
  std::uint16_t port = 0;
};

template <typename GetName>
bool endpoint_of(int fd, const GetName& get_name, Endpoint& endpoint) {
  sockaddr_storage name{};
  socklen_t size = sizeof name;
  if (get_name(fd, reinterpret_cast<sockaddr*>(&name), &size) != 0) return false;
  if (name.ss_family == AF_INET) {
    sockaddr_in ipv4{};
    std::memcpy(&ipv4, &name, sizeof ipv4);
    endpoint.port = ntohs(ipv4.sin_port);
    return ::inet_ntop(AF_INET, &ipv4.sin_addr, endpoint.address, sizeof endpoint.address) !=
           nullptr;
  }
  if (name.ss_family != AF_INET6) return false;
  sockaddr_in6 ipv6{};
  std::memcpy(&ipv6, &name, sizeof ipv6);
  endpoint.port = ntohs(ipv6.sin6_port);
  return ::inet_ntop(AF_INET6, &ipv6.sin6_addr, endpoint.address, sizeof endpoint.address) !=
         nullptr;
}

template <typename Use>
void for_listeners(std::uint16_t port, const Use& use) {
  for (int fd = 0; fd < descriptor_limit(); ++fd) {
    int listens = 0;
    socklen_t size = sizeof listens;
    Endpoint own;
    if (::getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) == 0 && listens != 0 &&
        endpoint_of(fd, ::getsockname, own) && own.port == port) {
      use(fd);
    }
  }
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

void shut_connection(std::string_view address, std::uint16_t port) {
  for (int fd = 0; fd < descriptor_limit(); ++fd) {
    Endpoint far;
    if (endpoint_of(fd, ::getpeername, far) && far.port == port && address == far.address) {
      ::shutdown(fd, SHUT_RDWR);
      return;
    }
  }
}

}  // namespace kernstat
