// SPDX-License-Identifier: Apache-2.0
// Free blocks of memory by size from /proc/buddyinfo.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/support/result.h"

namespace kernstat {

/// One zone (kernel: mm/vmstat.c). blocks[i] free blocks have 2^i pages.
struct ZoneBlocks {
  std::uint32_t node = 0;
  std::string zone;
  std::vector<std::uint64_t> blocks;
};

/// The zones of a sample; storage is reused, `used` says how many are of this one.
struct BuddyInfo {
  std::vector<ZoneBlocks> zones;
  std::size_t used = 0;
};

/// Reads "Node 0, zone Normal 1 2 3 …"; a line that is cut or of another form is left out.
/// kInvalid when there is none.
Result<void> parse_buddyinfo(std::string_view text, BuddyInfo& into);

/// Cuts "Node N, zone NAME" off the front of `line`; false when it does not stand there.
bool parse_zone_title(std::string_view& line, std::uint32_t& node, std::string_view& zone);

}  // namespace kernstat
