// SPDX-License-Identifier: Apache-2.0
#include "collectors/support/netlink.h"

#include <sys/socket.h>
#include <sys/time.h>

namespace kernstat {
namespace {

// The kernel fills up to 32 KiB of a message at once when the reader has that much room.
constexpr std::size_t kBufferSize = std::size_t{32} << 10;
constexpr timeval kPatience{2, 0};

}  // namespace

nlmsghdr& begin_request(RouteSocket::Request& buffer, std::uint16_t type, std::uint8_t family,
                        std::size_t header_size) {
  nlmsghdr* const request = ::mnl_nlmsg_put_header(buffer.data());
  request->nlmsg_type = type;
  // Zeroed by the call.
  auto* const header =
      static_cast<std::uint8_t*>(::mnl_nlmsg_put_extra_header(request, header_size));
  header[0] = family;
  return *request;
}

Result<void> RouteSocket::open() {
  if (socket_) return {};
  socket_.reset(::mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC));
  if (!socket_) return fail_errno("netlink socket");
  const int fd = ::mnl_socket_get_fd(socket_.get());
  if (::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &kPatience, sizeof(kPatience)) != 0 ||
      ::mnl_socket_bind(socket_.get(), 0, MNL_SOCKET_AUTOPID) != 0) {
    const int error = errno;
    socket_.reset();
    return fail_errno("netlink socket", error);
  }
  buffer_.resize(kBufferSize);
  return {};
}

Result<bool> RouteSocket::dump(nlmsghdr& request,
                               const std::function<void(const nlmsghdr&)>& visit) {
  return exchange(request, NLM_F_DUMP, visit);
}

Result<bool> RouteSocket::ask(nlmsghdr& request,
                              const std::function<void(const nlmsghdr&)>& visit) {
  // The acknowledgement ends the answer, as NLMSG_DONE ends a dump.
  return exchange(request, NLM_F_ACK, visit);
}

Result<bool> RouteSocket::exchange(nlmsghdr& request, std::uint16_t flags,
                                   const std::function<void(const nlmsghdr&)>& visit) {
  const auto opened = open();
  if (!opened) return fail(opened.error());
  request.nlmsg_flags = static_cast<std::uint16_t>(NLM_F_REQUEST | flags);
  request.nlmsg_seq = ++number_;
  if (::mnl_socket_sendto(socket_.get(), &request, request.nlmsg_len) < 0) {
    const int error = errno;
    socket_.reset();
    return fail_errno("netlink request", error);
  }
  auto consistent = receive(visit);
  // What is left of an answer that was given up must not be taken for a part of the next one.
  if (!consistent || !*consistent) socket_.reset();
  return consistent;
}

Result<bool> RouteSocket::receive(const std::function<void(const nlmsghdr&)>& visit) {
  const std::uint32_t port = ::mnl_socket_get_portid(socket_.get());
  const auto call = [](const nlmsghdr* message, void* context) {
    (*static_cast<const std::function<void(const nlmsghdr&)>*>(context))(*message);
    return MNL_CB_OK;
  };
  for (;;) {
    const ssize_t size = ::mnl_socket_recvfrom(socket_.get(), buffer_.data(), buffer_.size());
    if (size < 0 && errno == EINTR) continue;
    if (size < 0 && errno == ENOBUFS) return false;
    if (size < 0 && errno == EAGAIN) {
      return fail(ErrorKind::kSystem, "netlink: the kernel does not answer");
    }
    if (size < 0) return fail_errno("netlink answer");
    const int next = ::mnl_cb_run(buffer_.data(), static_cast<std::size_t>(size), number_, port,
                                  call, const_cast<void*>(static_cast<const void*>(&visit)));
    if (next == MNL_CB_STOP) return true;
    if (next < 0 && errno == EINTR) return false;
    if (next < 0) return fail_errno("netlink answer");
  }
}

}  // namespace kernstat
