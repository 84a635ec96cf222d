// SPDX-License-Identifier: Apache-2.0
#include "collectors/bpf/disk_names.h"

#include <linux/netlink.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <climits>
#include <optional>

#include "collectors/support/text.h"

namespace kernstat::bpf {
namespace {

constexpr unsigned kMinorBits = 20;

Fd open_events() {
  Fd fd(::socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_KOBJECT_UEVENT));
  sockaddr_nl address{};
  address.nl_family = AF_NETLINK;
  address.nl_groups = 1;  // the kernel's own announcements
  if (fd && ::bind(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) return {};
  return fd;
}

// A field of an announcement: KEY=value strings, each ended by NUL.
std::string_view event_field(std::string_view event, std::string_view key) {
  while (!event.empty()) {
    const auto end = event.find('\0');
    const std::string_view field = event.substr(0, end);
    if (field.size() > key.size() && field.starts_with(key) && field[key.size()] == '=') {
      return field.substr(key.size() + 1);
    }
    event.remove_prefix(end == std::string_view::npos ? event.size() : end + 1);
  }
  return {};
}

}  // namespace

DiskNames::DiskNames(const Host& host)
    : directory_(host.sys_path("dev/block")),
      has_directory_(::access(directory_.c_str(), X_OK) == 0),
      events_(open_events()) {}

std::string_view DiskNames::find(std::uint32_t dev) {
  const auto known = names_.find(dev);
  if (known != names_.end()) return known->second;
  const std::string number =
      std::to_string(dev >> kMinorBits) + ":" + std::to_string(dev & ((1U << kMinorBits) - 1));
  if (!has_directory_) return names_.emplace(dev, number).first->second;
  std::array<char, PATH_MAX> target{};
  const ssize_t length =
      ::readlink((directory_ + "/" + number).c_str(), target.data(), target.size());
  if (length <= 0) return {};
  std::string_view name(target.data(), static_cast<std::size_t>(length));
  name = name.substr(name.rfind('/') + 1);
  return names_.emplace(dev, name).first->second;
}

std::size_t DiskNames::refresh() {
  std::size_t removals = 0;
  std::array<char, 8192> buffer{};
  for (;;) {
    const ssize_t length = ::recv(events_.get(), buffer.data(), buffer.size(), 0);
    if (length < 0 && errno == ENOBUFS) {
      // Announcements were lost: everything may have changed.
      names_.clear();
      ++removals;
      continue;
    }
    if (length <= 0) return removals;
    const std::string_view event(buffer.data(), static_cast<std::size_t>(length));
    const bool removed =
        event_field(event, "SUBSYSTEM") == "block" && event_field(event, "ACTION") == "remove";
    if (!removed) continue;
    forget(event);
    ++removals;
  }
}

void DiskNames::forget(std::string_view event) {
  const auto major = to_number<std::uint32_t>(event_field(event, "MAJOR"));
  const auto minor = to_number<std::uint32_t>(event_field(event, "MINOR"));
  if (major && minor) names_.erase(*major << kMinorBits | *minor);
}

}  // namespace kernstat::bpf
