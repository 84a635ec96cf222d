// SPDX-License-Identifier: Apache-2.0
// Connection tracking: entries, limit and events, from /proc/sys/net/netfilter and
// /proc/net/stat/nf_conntrack.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "collectors/support/result.h"

namespace kernstat {

/// The columns of /proc/net/stat/nf_conntrack that are reported.
enum class ConntrackEvent : std::uint8_t {
  kFound,
  kInvalid,
  kIgnore,
  kInsert,
  kInsertFailed,
  kDrop,
  kEarlyDrop,
  kSearchRestart,
};
inline constexpr std::size_t kConntrackEvents = 8;

/// One CPU's counts, of 32 bits in the kernel.
using ConntrackCounts = std::array<std::uint32_t, kConntrackEvents>;

/// What the file says: which columns there are, and the counts of each CPU.
struct ConntrackStat {
  std::array<bool, kConntrackEvents> present{};
  std::vector<ConntrackCounts> cpus;
};

/// Finds the columns by their headings (kernel: net/netfilter/nf_conntrack_standalone.c): they
/// differ between versions. A line that is cut, too short or has no numbers is kInvalid: a sum
/// without one CPU would go back.
Result<void> parse_conntrack_stat(std::string_view text, ConntrackStat& into);

}  // namespace kernstat
