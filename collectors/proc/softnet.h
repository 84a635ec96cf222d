// SPDX-License-Identifier: Apache-2.0
// What each CPU did with received packets, from /proc/net/softnet_stat.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "collectors/support/result.h"

namespace kernstat {

/// One CPU (kernel: net/core/net-procfs.c). The kernel's counters are 32 bits wide.
struct CpuSoftnet {
  enum Field : std::uint8_t {
    kProcessed,
    kDropped,
    kSqueezed,
    kCollision,
    kReceivedRps,
    kFlowLimit,
    kBacklog,
    kFields
  };
  std::uint16_t cpu = 0;
  std::array<std::uint64_t, kFields> values{};
};

/// Reads the lines; the CPU's number is in them since Linux 5.10, lines without one are left out.
/// kInvalid when there is none.
Result<void> parse_softnet(std::string_view text, std::vector<CpuSoftnet>& into);

}  // namespace kernstat
