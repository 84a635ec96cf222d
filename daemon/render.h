// SPDX-License-Identifier: Apache-2.0
// What the printers of all formats share.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace kernstat {

/// Bounds of one printing.
struct RenderLimits {
  std::size_t bytes = SIZE_MAX;  ///< the output grows by at most so much
  std::optional<std::chrono::steady_clock::time_point> deadline;
};

/// How a printing went. What is cut is cut in whole series, and families without a series vanish,
/// so that the output stays valid; the series that fit are the first by family name.
struct RenderResult {
  std::uint64_t printed = 0;  ///< series, as the scraper counts them
  std::uint64_t cut = 0;      ///< series that the byte limit left no room for
  bool expired = false;       ///< the deadline passed: the output is not to be used
};

/// Asks the clock every few series.
class RenderDeadline {
 public:
  explicit RenderDeadline(const RenderLimits& limits) : deadline_(limits.deadline) {}
  bool passed() {
    if (!deadline_ || ++calls_ % 256 != 1) return false;
    return std::chrono::steady_clock::now() >= *deadline_;
  }

 private:
  std::optional<std::chrono::steady_clock::time_point> deadline_;
  unsigned calls_ = 0;
};

}  // namespace kernstat
