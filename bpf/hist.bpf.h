// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// Histograms in Prometheus' exponential grid. The name of the struct says everything that the
// engine needs: ks_hist_<unit>_<schema>_<first>_<last>, exponents written m20 for -20, p6 for 6.
//
//   slots[0]     values <= 2^first (the native zero bucket)
//   slots[i]     (last - first) << schema buckets, upper bound inclusive, base 2^(2^-schema)
//   slots[N-1]   values > 2^last
//
// Units: time  seconds, counted in 2^-30 s, sum in ns, up to 2^11 s
//        days  seconds, counted in 2^-10 s, sum in us
//        bytes and count: the number itself
#ifndef KERNSTAT_HIST_BPF_H
#define KERNSTAT_HIST_BPF_H

#include <bpf/bpf_helpers.h>
#include <linux/types.h>

#include "maps.bpf.h"

// 2^62 * 2^(i/8): the bound within the i-th linear eighth of a doubling.
static const __u64 ks_hist_bounds[8] = {
    5029079263719320435ULL, 5484249825272419511ULL, 5980616842327661685ULL, 6521908912666391106ULL,
    7112192101001162094ULL, 7755900482342532474ULL, 8457869449776733335ULL, ~0ULL};

/// floor(log2(v)) for v > 0.
static __always_inline __u32 ks_log2(__u64 v) {
  __u32 log = 0;
  __u32 w = v >> 32;
  if (w)
    log = 32;
  else
    w = v;
  if (w >> 16) w >>= 16, log += 16;
  if (w >> 8) w >>= 8, log += 8;
  if (w >> 4) w >>= 4, log += 4;
  if (w >> 2) w >>= 2, log += 2;
  return log + (w >> 1);
}

/// The slot of v, a count of the grid's units, in a histogram that begins at 2^first units.
/// schema 0 … 3.
static __always_inline __u32 ks_hist_slot(__u64 v, __u32 schema, __u32 first, __u32 slots) {
  if (v <= (1ULL << first)) return 0;
  if (v > (1ULL << 62)) v = 1ULL << 62;
  // 2^log < v <= 2^(log+1); x is v moved to (2^62, 2^63].
  __u32 log = ks_log2(v - 1);
  __u64 x = v << (62 - log);
  // Each linear eighth of a doubling holds one bound, but for the last.
  __u32 eighth = ((x - 1) >> 59) & 7;
  __u32 part = eighth + (x > ks_hist_bounds[eighth]);
  __u32 slot = ((log - first) << schema) + (part >> (3 - schema)) + 1;
  // The verifier must see the check on the very register that indexes.
  asm volatile("" : "+r"(slot));
  return slot < slots ? slot : slots - 1;
}

/// Nanoseconds as units of 2^-30 s, rounded up: exactly 2^k s is the last value of its bucket.
/// 4948730 / 2^26 is 2^30 / 10^9 - 1 but for 6e-10, and just below it.
static __always_inline __u64 ks_units_time(__u64 ns) {
  if (ns >= (1ULL << 41)) ns = 1ULL << 41;
  return ns + (ns * 4948730 >> 26) + 1;
}
/// Nanoseconds as units of 2^-10 s (1953125 / 2 ns), rounded up.
static __always_inline __u64 ks_units_days(__u64 ns) {
  if (ns >= (1ULL << 62)) ns = 1ULL << 62;
  return (2 * ns + 1953124) / 1953125;
}
static __always_inline __u64 ks_units_bytes(__u64 v) { return v; }
static __always_inline __u64 ks_units_count(__u64 v) { return v; }
static __always_inline __u64 ks_sum_time(__u64 ns) { return ns; }
static __always_inline __u64 ks_sum_days(__u64 ns) { return ns / 1000; }
static __always_inline __u64 ks_sum_bytes(__u64 v) { return v; }
static __always_inline __u64 ks_sum_count(__u64 v) { return v; }

#define KS_BIT_time 30
#define KS_BIT_days 10
#define KS_BIT_bytes 0
#define KS_BIT_count 0
#define KS_EXP_m20 -20
#define KS_EXP_m18 -18
#define KS_EXP_m16 -16
#define KS_EXP_m10 -10
#define KS_EXP_m8 -8
#define KS_EXP_p0 0
#define KS_EXP_p1 1
#define KS_EXP_p2 2
#define KS_EXP_p3 3
#define KS_EXP_p4 4
#define KS_EXP_p5 5
#define KS_EXP_p6 6
#define KS_EXP_p8 8
#define KS_EXP_p9 9
#define KS_EXP_p10 10
#define KS_EXP_p12 12
#define KS_EXP_p16 16
#define KS_EXP_p20 20
#define KS_EXP_p22 22
#define KS_EXP_p24 24
#define KS_EXP_p26 26
#define KS_EXP_p30 30
#define KS_EXP_p34 34

#define KS_HIST_SLOTS(schema, first, last) (((KS_EXP_##last - (KS_EXP_##first)) << (schema)) + 2)

#define KS_HIST_ADD(function, add, alias, unit, schema, first, last)                          \
  static __always_inline __attribute__((unused)) void function(alias* h, __u64 value) {       \
    __u32 slot = ks_hist_slot(ks_units_##unit(value), schema, KS_EXP_##first + KS_BIT_##unit, \
                              KS_HIST_SLOTS(schema, first, last));                            \
    add(&h->slots[slot], 1);                                                                  \
    add(&h->sum, ks_sum_##unit(value));                                                       \
  }

/// Declares a grid as type `alias` with alias_add(&h, value): value is in ns for time and days.
/// alias_add_alone() is for values that ks_add_alone() may be used with.
#define KS_HIST(alias, unit, schema, first, last)                    \
  struct ks_hist_##unit##_##schema##_##first##_##last {              \
    __u64 sum;                                                       \
    __u64 slots[KS_HIST_SLOTS(schema, first, last)];                 \
  };                                                                 \
  typedef struct ks_hist_##unit##_##schema##_##first##_##last alias; \
  KS_HIST_ADD(alias##_add, ks_add, alias, unit, schema, first, last) \
  KS_HIST_ADD(alias##_add_alone, ks_add_alone, alias, unit, schema, first, last)

// The grids to use unless a tool has a reason for another.
KS_HIST(time_hist, time, 3, m20, p6)        // 1 us … 64 s: I/O, networks, waits
KS_HIST(short_time_hist, time, 3, m20, p0)  // 1 us … 1 s: interrupts, run queues
KS_HIST(days_hist, days, 2, m8, p20)        // 4 ms … 12 days: lives
KS_HIST(size_hist, bytes, 2, p8, p24)       // 256 B … 16 MiB: requests
KS_HIST(volume_hist, bytes, 2, p6, p34)     // 64 B … 16 GiB: connections, files
KS_HIST(count_hist, count, 2, p0, p16)      // 1 … 65536

#endif
