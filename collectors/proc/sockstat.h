// SPDX-License-Identifier: Apache-2.0
// Sockets in use from /proc/net/sockstat and /proc/net/sockstat6.
#pragma once

#include <cstdint>
#include <string_view>

#include "collectors/support/named_values.h"

namespace kernstat {

/// Appends the quantities of a sockstat file (kernel: net/ipv4/proc.c, net/ipv6/proc.c): the line
/// "TCP: inuse 1 mem 2" gives TCP_inuse and TCP_mem, and for `mem`, which counts pages,
/// TCP_mem_bytes too. What has no number is left out.
void parse_sockstat(std::string_view text, std::uint64_t page_size, NamedValues& into);

}  // namespace kernstat
