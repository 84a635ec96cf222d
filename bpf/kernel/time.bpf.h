// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// Kernel times in jiffies.
#ifndef KERNSTAT_KERNEL_TIME_BPF_H
#define KERNSTAT_KERNEL_TIME_BPF_H

#include "kernstat.bpf.h"

/// Nanoseconds of a jiffy. The engine sets it: it is the resolution of CLOCK_MONOTONIC_COARSE
/// (clock_getres(2)).
const volatile __u64 ks_ns_per_jiffy = 4000000;

#endif
