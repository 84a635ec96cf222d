// SPDX-License-Identifier: Apache-2.0
// Kernel counters of 32 bits as counters that never go back.
#pragma once

#include <cstdint>

namespace kernstat {

/// Follows a 32-bit counter beyond its wrap. Needs one look per 2^32 steps at least; two wraps
/// between looks are one.
class WideCounter {
 public:
  /// The whole count, given what the kernel's counter says now. The first look counts from 0.
  std::uint64_t follow(std::uint32_t now) {
    total_ += now - last_;
    last_ = now;
    return total_;
  }

 private:
  std::uint64_t total_ = 0;
  std::uint32_t last_ = 0;
};

}  // namespace kernstat
