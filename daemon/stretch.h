// SPDX-License-Identifier: Apache-2.0
// How often a dear collector is read.
#pragma once

#include <chrono>
#include <cstdint>

namespace kernstat {

/// Doubles the interval of a collector (up to 15 s) as long as it costs more than 0.1 % of one CPU
/// on average over kWindow reads, and halves it again once half the interval would cost less than
/// 0.05 %. Pure arithmetic; the caller gives costs from the thread's CPU clock.
class Stretch {
 public:
  static constexpr int kWindow = 8;
  static constexpr double kMostCost = 0.001;
  static constexpr std::chrono::nanoseconds kLongest = std::chrono::seconds(15);

  explicit Stretch(std::chrono::nanoseconds interval) : interval_(interval) {}

  /// Counts one read that cost `cpu`; true when the interval changed.
  bool count(std::chrono::nanoseconds cpu);
  std::chrono::nanoseconds interval() const { return interval_ * factor_; }

 private:
  std::chrono::nanoseconds interval_;
  std::int64_t factor_ = 1;
  std::chrono::nanoseconds sum_{0};
  int reads_ = 0;
};

}  // namespace kernstat
