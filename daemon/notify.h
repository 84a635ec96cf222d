// SPDX-License-Identifier: Apache-2.0
// Telling the service manager how the daemon fares (sd_notify(3): one datagram a message).
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "collectors/support/fd.h"
#include "collectors/support/result.h"

namespace kernstat {

/// The service manager's socket, if it gave one. One thread.
class Notifier {
 public:
  /// From $NOTIFY_SOCKET, $WATCHDOG_USEC and $WATCHDOG_PID, which are read once and removed from
  /// the environment. Without a socket every message goes nowhere, silently.
  static Notifier from_environment();

  /// Sends lines of NAME=value. Fails only when there is a socket and it does not take them.
  Result<void> send(std::string_view lines) const;

  Result<void> ready(std::string_view status) const;
  /// With MONOTONIC_USEC, which Type=notify-reload wants.
  Result<void> reloading() const;
  Result<void> stopping() const;
  Result<void> watchdog() const { return send("WATCHDOG=1"); }

  /// How often the service manager wants to hear of health; 0: never.
  std::chrono::microseconds watchdog_interval() const { return watchdog_interval_; }

 private:
  std::string address_;  // '@' for an abstract one
  Fd socket_;
  std::chrono::microseconds watchdog_interval_{0};
};

}  // namespace kernstat
