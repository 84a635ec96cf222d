// SPDX-License-Identifier: Apache-2.0
// Protocol counters from /proc/net/netstat, /proc/net/snmp and /proc/net/snmp6.
#pragma once

#include <string_view>

#include "collectors/support/named_values.h"
#include "collectors/support/result.h"

namespace kernstat {

/// Appends the quantities of /proc/net/netstat or /proc/net/snmp (kernel: net/ipv4/proc.c): pairs
/// of lines, one with names and one with numbers, both beginning with "Protocol:". A pair that is
/// cut is left out; a pair whose lines do not belong together is kInvalid.
Result<void> parse_netstat(std::string_view text, NamedValues& into);

/// Appends the quantities of /proc/net/snmp6 (kernel: net/ipv6/proc.c): "Ip6InReceives 12" becomes
/// Ip6_InReceives. Lines of another shape are left out.
void parse_snmp6(std::string_view text, NamedValues& into);

}  // namespace kernstat
