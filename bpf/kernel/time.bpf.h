// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// Kernel times in jiffies.
#ifndef KERNSTAT_KERNEL_TIME_BPF_H
#define KERNSTAT_KERNEL_TIME_BPF_H

#include "kernstat.bpf.h"

__u64 ks_known_ns_per_jiffy = 0;

/// Nanoseconds of a jiffy; 0 when it cannot be told yet (between 4 and 6 minutes after boot).
///
/// No file has to be read for it: jiffies begin 300 s before they reach 2^32 (INITIAL_JIFFIES in
/// include/linux/jiffies.h), and count with the monotonic clock.
static __always_inline __u64 ks_ns_per_jiffy(void) {
  if (ks_known_ns_per_jiffy) return ks_known_ns_per_jiffy;
  __s64 ticks = (__s64)(bpf_jiffies64() - (1ULL << 32));
  __s64 ms = (__s64)(bpf_ktime_get_ns() / 1000000) - 300000;
  if (ms < 0) ms = -ms, ticks = -ticks;
  if (ms < 60000 || ticks <= 0) return 0;
  __u64 hz = ((__u64)ticks * 1000 + (__u64)ms / 2) / (__u64)ms;
  // The clocks do not begin at the same instant: take the nearest of those that kernels have.
  if (hz > 90 && hz < 110) hz = 100;
  if (hz > 225 && hz < 275) hz = 250;
  if (hz > 275 && hz < 330) hz = 300;
  if (hz > 900 && hz < 1010) hz = 1000;
  ks_known_ns_per_jiffy = hz ? 1000000000 / hz : 0;
  return ks_known_ns_per_jiffy;
}

#endif
