// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// Maps of a tool. Values of series are cumulative and never cleared.
#ifndef KERNSTAT_MAPS_BPF_H
#define KERNSTAT_MAPS_BPF_H

#include <bpf/bpf_helpers.h>
#include <linux/bpf.h>
#include <linux/types.h>

/// Adds to a counter that any CPU and any interrupt may add to.
#define ks_add(counter, n) __sync_fetch_and_add(counter, n)
#define ks_inc(counter) __sync_fetch_and_add(counter, 1)

// Set by the engine: this kernel skips a tracepoint's program that would interrupt itself on its
// CPU (__bpf_trace_run() of kernel/trace/bpf_trace.c, since 6.1).
const volatile __u32 ks_no_nesting = 0;

/// Adds to a counter of a per-CPU map that one program alone writes, a KS_TWIN. Cheaper, since it
/// is not atomic where it need not be.
#define ks_add_alone(counter, n) \
  do {                           \
    if (ks_no_nesting)           \
      *(counter) += (n);         \
    else                         \
      ks_add(counter, n);        \
  } while (0)
#define ks_inc_alone(counter) ks_add_alone(counter, 1)

/// Something the tool had to give up on, counted as kernstat_bpf_lost_total{reason="what"}.
#define KS_LOST(what) __u64 ks_lost_##what = 0
#define ks_lost(what) ks_inc(&ks_lost_##what)

// A hash of series. name_get(&key) gives the key's value, made from zeros if it is new. A full map
// gives the entry `other` (a key of 0xff bytes, put there by the engine) and counts the event in
// ks_full_name. NULL only while the tool is being taken down: check it.
#define KS_SERIES_OF(map_type, name, key_type, value_type, entries)                            \
  struct {                                                                                     \
    __uint(type, map_type);                                                                    \
    __uint(max_entries, entries);                                                              \
    __type(key, key_type);                                                                     \
    __type(value, value_type);                                                                 \
  } name SEC(".maps");                                                                         \
  __u64 ks_full_##name = 0;                                                                    \
  static const value_type ks_zero_##name;                                                      \
  static __always_inline __attribute__((unused)) value_type* name##_get(const key_type* key) { \
    value_type* value = bpf_map_lookup_elem(&name, key);                                       \
    if (value) return value;                                                                   \
    bpf_map_update_elem(&name, key, &ks_zero_##name, BPF_NOEXIST);                             \
    value = bpf_map_lookup_elem(&name, key);                                                   \
    if (value) return value;                                                                   \
    ks_inc(&ks_full_##name);                                                                   \
    key_type other;                                                                            \
    __builtin_memset(&other, 0xff, sizeof(other));                                             \
    return bpf_map_lookup_elem(&name, &other);                                                 \
  }

/// One value for all CPUs: for events up to some thousand a second.
#define KS_SERIES(name, key_type, value_type, entries) \
  KS_SERIES_OF(BPF_MAP_TYPE_HASH, name, key_type, value_type, entries)
/// A value per CPU: for events per I/O, system call, packet or switch. Costs memory × CPUs.
#define KS_SERIES_PERCPU(name, key_type, value_type, entries) \
  KS_SERIES_OF(BPF_MAP_TYPE_PERCPU_HASH, name, key_type, value_type, entries)

// An array of series: all exist from the start. The key is a 4-byte enum or number below entries;
// name_at(index) gives the value, NULL beyond the end. With one entry there is no label.
#define KS_CELLS_OF(map_type, name, key_type, value_type, entries)                    \
  struct {                                                                            \
    __uint(type, map_type);                                                           \
    __uint(max_entries, entries);                                                     \
    __type(key, key_type);                                                            \
    __type(value, value_type);                                                        \
  } name SEC(".maps");                                                                \
  static __always_inline __attribute__((unused)) value_type* name##_at(__u32 index) { \
    return bpf_map_lookup_elem(&name, &index);                                        \
  }

#define KS_CELLS(name, key_type, value_type, entries) \
  KS_CELLS_OF(BPF_MAP_TYPE_ARRAY, name, key_type, value_type, entries)
#define KS_CELLS_PERCPU(name, key_type, value_type, entries) \
  KS_CELLS_OF(BPF_MAP_TYPE_PERCPU_ARRAY, name, key_type, value_type, entries)

// Things in flight: put at their begin, taken at their end, swept by the engine when the end never
// came. The value's first member is `__u64 since`, in bpf_ktime_get_ns(), set by the tool.
// name_put() counts a full map in ks_full_name; name_take() copies the value out and removes it.
#define KS_IN_FLIGHT(name, key_type, value_type, entries)                                     \
  struct {                                                                                    \
    __uint(type, BPF_MAP_TYPE_HASH);                                                          \
    __uint(max_entries, entries);                                                             \
    __type(key, key_type);                                                                    \
    __type(value, value_type);                                                                \
  } name SEC(".maps");                                                                        \
  __u64 ks_full_##name = 0;                                                                   \
  static __always_inline                                                                      \
      __attribute__((unused)) void name##_put(const key_type* key, const value_type* value) { \
    if (bpf_map_update_elem(&name, key, value, BPF_ANY)) ks_inc(&ks_full_##name);             \
  }                                                                                           \
  static __always_inline                                                                      \
      __attribute__((unused)) bool name##_take(const key_type* key, value_type* out) {        \
    value_type* found = bpf_map_lookup_elem(&name, key);                                      \
    if (!found) return false;                                                                 \
    *out = *found;                                                                            \
    bpf_map_delete_elem(&name, key);                                                          \
    return true;                                                                              \
  }

// Records of an iterator: ks_emit(seq, &record) with a struct name_record. The engine adds up the
// values of equal keys of one complete pass.
#define KS_RECORDS(name, key_type, value_type) \
  struct name##_record {                       \
    key_type key;                              \
    value_type value;                          \
  };                                           \
  struct name##_record* ks_records_##name = 0

#define ks_emit(seq, record) bpf_seq_write(seq, record, sizeof(*(record)))

#endif
