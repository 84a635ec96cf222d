// SPDX-License-Identifier: Apache-2.0
// Where the daemon listens.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "collectors/support/result.h"

namespace kernstat {

/// An address as Prometheus exporters write it: `:10777`, `127.0.0.1:10777`, `[::1]:10777`.
struct ListenAddress {
  std::string host;  ///< a numeric address without brackets; empty: all
  bool ipv6 = false;
  std::uint16_t port = 0;  ///< 0: the system chooses one

  /// As it was written.
  std::string text() const;
};

/// Fails in words that say what is expected.
Result<ListenAddress> parse_listen_address(std::string_view text);

}  // namespace kernstat
