// SPDX-License-Identifier: Apache-2.0
#include "collectors/bpf/interface_names.h"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cstring>

#include "collectors/support/namespaces.h"

namespace kernstat::bpf {
namespace {

Fd open_link() {
  Fd fd(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE));
  sockaddr_nl address{};
  address.nl_family = AF_NETLINK;
  address.nl_groups = RTMGRP_LINK;
  if (fd && ::bind(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) return {};
  return fd;
}

std::string_view name_of(const nlmsghdr* header) {
  const auto* info = static_cast<const ifinfomsg*>(NLMSG_DATA(header));
  auto left = static_cast<int>(header->nlmsg_len - NLMSG_LENGTH(sizeof *info));
  const rtattr* attribute = IFLA_RTA(const_cast<ifinfomsg*>(info));
  for (; RTA_OK(attribute, left); attribute = RTA_NEXT(attribute, left)) {
    if (attribute->rta_type != IFLA_IFNAME) continue;
    const auto* text = static_cast<const char*>(RTA_DATA(attribute));
    return {text, ::strnlen(text, RTA_PAYLOAD(attribute))};
  }
  return {};
}

}  // namespace

InterfaceNames::InterfaceNames(const Host& host) : link_(open_link()) {
  own_name_space_ = namespace_at(host.proc_path("1/ns/net"));
  if (own_name_space_ == 0) own_name_space_ = namespace_at(host.proc_path("self/ns/net"));
  dump();
}

std::string_view InterfaceNames::find(std::uint32_t name_space, std::uint32_t index) {
  if (name_space != 0 && name_space != own_name_space_) return "other";
  auto known = names_.find(index);
  if (known == names_.end()) {
    receive(false);
    known = names_.find(index);
  }
  return known == names_.end() ? std::string_view() : known->second;
}

std::size_t InterfaceNames::refresh() { return receive(false); }

void InterfaceNames::dump() {
  struct {
    nlmsghdr header{};
    ifinfomsg info{};
  } request;
  request.header.nlmsg_len = sizeof request;
  request.header.nlmsg_type = RTM_GETLINK;
  request.header.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
  if (::send(link_.get(), &request, sizeof request, 0) < 0) return;
  receive(true);
}

std::size_t InterfaceNames::receive(bool wait_for_end) {
  constexpr int kPatienceMs = 1000;
  alignas(nlmsghdr) std::array<char, 32768> buffer{};
  std::size_t changes = 0;
  bool at_end = false;
  for (;;) {
    pollfd waiting{link_.get(), POLLIN, 0};
    if (wait_for_end && !at_end && ::poll(&waiting, 1, kPatienceMs) <= 0) return changes;
    const ssize_t length = ::recv(link_.get(), buffer.data(), buffer.size(), 0);
    if (length < 0 && errno == ENOBUFS) {
      // Messages were lost: ask for everything again.
      names_.clear();
      dump();
      return changes + 1;
    }
    if (length <= 0) return changes;
    changes += take(buffer.data(), static_cast<std::size_t>(length), at_end);
  }
}

std::size_t InterfaceNames::take(const char* bytes, std::size_t size, bool& at_end) {
  std::size_t changes = 0;
  auto left = static_cast<unsigned>(size);
  const auto* header = reinterpret_cast<const nlmsghdr*>(bytes);
  for (; NLMSG_OK(header, left); header = NLMSG_NEXT(header, left)) {
    if (header->nlmsg_type == NLMSG_DONE || header->nlmsg_type == NLMSG_ERROR) at_end = true;
    const bool is_new = header->nlmsg_type == RTM_NEWLINK;
    if (!is_new && header->nlmsg_type != RTM_DELLINK) continue;
    const auto* info = static_cast<const ifinfomsg*>(NLMSG_DATA(header));
    // A bridge announces its ports' departure from it as a removal of family AF_BRIDGE.
    if (info->ifi_family != AF_UNSPEC) continue;
    const auto index = static_cast<std::uint32_t>(info->ifi_index);
    if (!is_new) {
      changes += names_.erase(index);
      continue;
    }
    const std::string_view name = name_of(header);
    std::string& known = names_[index];
    if (known == name) continue;
    if (!known.empty()) ++changes;
    known = name;
  }
  return changes;
}

}  // namespace kernstat::bpf
