// SPDX-License-Identifier: Apache-2.0
#include "daemon/notify.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstddef>
#include <cstdlib>
#include <ctime>

#include "collectors/support/text.h"
#include "daemon/grid.h"

namespace kernstat {
namespace {

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string() : std::string(value);
}

}  // namespace

Notifier Notifier::from_environment() {
  Notifier notifier;
  const std::string address = environment("NOTIFY_SOCKET");
  const auto interval = to_number<std::int64_t>(environment("WATCHDOG_USEC"));
  const std::string pid = environment("WATCHDOG_PID");
  for (const char* name : {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"}) ::unsetenv(name);
  const bool usable = address.size() > 1 && (address[0] == '/' || address[0] == '@') &&
                      address.size() < sizeof(sockaddr_un::sun_path);
  if (!usable) return notifier;
  notifier.address_ = address;
  notifier.socket_ = Fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const bool for_us = pid.empty() || to_number<int>(pid) == ::getpid();
  if (interval && *interval > 0 && for_us) {
    notifier.watchdog_interval_ = std::chrono::microseconds(*interval);
  }
  return notifier;
}

Result<void> Notifier::send(std::string_view lines) const {
  if (address_.empty()) return {};
  sockaddr_un to{};
  to.sun_family = AF_UNIX;
  address_.copy(to.sun_path, sizeof to.sun_path - 1);
  if (address_[0] == '@') to.sun_path[0] = '\0';
  // An abstract name ends with its length, not with a NUL.
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + address_.size());
  if (::sendto(socket_.get(), lines.data(), lines.size(), MSG_NOSIGNAL,
               reinterpret_cast<const sockaddr*>(&to), size) < 0) {
    return fail_errno("NOTIFY_SOCKET " + address_);
  }
  return {};
}

Result<void> Notifier::ready(std::string_view status) const {
  return send("READY=1\nSTATUS=" + std::string(status));
}

Result<void> Notifier::reloading() const {
  return send("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(monotonic_now_ns() / 1000));
}

Result<void> Notifier::stopping() const { return send("STOPPING=1"); }

}  // namespace kernstat
