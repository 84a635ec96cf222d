// SPDX-License-Identifier: Apache-2.0
// When collectors are read: points of time on CLOCK_MONOTONIC.
#pragma once

#include <cstdint>
#include <string_view>

namespace kernstat {

/// CLOCK_MONOTONIC now, in nanoseconds.
std::int64_t monotonic_now_ns();

/// The points phase + k·interval. All collectors share one phase, so that those whose intervals
/// divide each other are read in one wake-up.
struct Grid {
  struct Phase {
    std::int64_t ns = 0;
  };

  /// The phase of this machine, from its id: a thousand guests of one host must not tick together.
  /// It lies 5.5 ms behind a multiple of 10 ms, never less than half a millisecond from a timer
  /// tick at 100, 250, 300 or 1000 Hz: the kernel counts runnable tasks for the load average at
  /// such ticks (LOAD_FREQ, kernel/sched/loadavg.c) and must not always find this daemon among
  /// them.
  static Phase phase_of(std::string_view machine_id);

  /// The first point later than `after`. REQUIRES: interval > 0.
  static std::int64_t next(std::int64_t after, std::int64_t interval, Phase phase);
};

}  // namespace kernstat
