// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// Programs of a tool. Every program is made by one of these macros: they count its runs per CPU and
// time one run in 64, so that the engine knows what a tool costs without BPF_ENABLE_STATS.
#ifndef KERNSTAT_PROG_BPF_H
#define KERNSTAT_PROG_BPF_H

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include <linux/bpf.h>
#include <linux/types.h>

/// What a program cost on one CPU.
struct ks_cost {
  __u64 runs;
  __u64 timed_runs;
  __u64 timed_ns;
};

// One entry per program: the engine sets max_entries, and each program's ks_slot_<program>.
struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct ks_cost);
} ks_costs SEC(".maps");

static __always_inline struct ks_cost* ks_begin(__u32 slot, __u64* start) {
  struct ks_cost* cost = bpf_map_lookup_elem(&ks_costs, &slot);
  *start = 0;
  if (cost && (cost->runs++ & 63) == 0) *start = bpf_ktime_get_ns();
  return cost;
}

static __always_inline void ks_end(struct ks_cost* cost, __u64 start) {
  if (!start || !cost) return;
  cost->timed_ns += bpf_ktime_get_ns() - start;
  cost->timed_runs++;
}

#define KS_WRAPPED(section, name, ctx_type, call)            \
  const volatile __u32 ks_slot_##name = 0;                   \
  SEC(section) int name(ctx_type* ctx) {                     \
    __u64 start;                                             \
    struct ks_cost* cost = ks_begin(ks_slot_##name, &start); \
    int result = call;                                       \
    ks_end(cost, start);                                     \
    return result;                                           \
  }

// Arguments come as 64-bit words; the body has their real types.
#define KS_CASTS_BEGIN \
  _Pragma("GCC diagnostic push") _Pragma("GCC diagnostic ignored \"-Wint-conversion\"")
#define KS_CASTS_END _Pragma("GCC diagnostic pop")

/// A program whose context is a struct: classic tracepoints, perf events, iterators, cgroup hooks.
///   KS_PROGRAM("perf_event", on_sample, struct bpf_perf_event_data) { … ctx->… }
#define KS_PROGRAM(section, name, ctx_type)              \
  static __always_inline int name##_body(ctx_type* ctx); \
  KS_WRAPPED(section, name, ctx_type, name##_body(ctx))  \
  static __always_inline int name##_body(ctx_type* ctx)

/// A program with the arguments of a tp_btf, raw_tp, fentry or fexit hook.
///   KS_HOOK("tp_btf/mark_victim", on_victim, struct task_struct *task) { … }
#define KS_HOOK(section, name, args...)                                             \
  static __always_inline int name##_body(unsigned long long* ctx, ##args);          \
  KS_CASTS_BEGIN                                                                    \
  KS_WRAPPED(section, name, unsigned long long, name##_body(___bpf_ctx_cast(args))) \
  KS_CASTS_END                                                                      \
  static __always_inline int name##_body(unsigned long long* ctx, ##args)

/// Two programs of one body: name_btf on tp_btf/event and name_raw on raw_tp/event, for kernels
/// without BTF of their own. The body reads pointers by ks_read(direct, pointer, member, …):
/// plain loads in the first, bpf_probe_read_kernel in the second.
///   KS_TWIN(block_rq_complete, on_complete, struct request *rq) { … }
#define KS_TWIN(event, name, args...)                                                         \
  static __always_inline int name##_body(const bool direct, unsigned long long* ctx, ##args); \
  KS_CASTS_BEGIN                                                                              \
  KS_WRAPPED("tp_btf/" #event, name##_btf, unsigned long long,                                \
             name##_body(true, ___bpf_ctx_cast(args)))                                        \
  KS_WRAPPED("raw_tp/" #event, name##_raw, unsigned long long,                                \
             name##_body(false, ___bpf_ctx_cast(args)))                                       \
  KS_CASTS_END                                                                                \
  static __always_inline int name##_body(const bool direct, unsigned long long* ctx, ##args)

/// Reads pointer->member->… in the body of a KS_TWIN.
#define ks_read(direct, pointer, ...) \
  ((direct) ? ___arrow((pointer), __VA_ARGS__) : BPF_CORE_READ((pointer), __VA_ARGS__))

/// A program on a user function, with its arguments; SEC("uprobe"), the YAML names library and
/// symbol.
///   KS_UPROBE(on_call, const char *name) { … }
#define KS_UPROBE(name, args...) KS_PROBE("uprobe", name, ##args)
/// A program on a user function's return, with its result.
#define KS_URETPROBE(name, args...) KS_RETPROBE("uretprobe", name, ##args)
/// The same for functions of the kernel: KS_PROBE("kprobe/function", name, arguments …).
#define KS_PROBE(section, name, args...)                                           \
  static __always_inline int name##_body(struct pt_regs* ctx, ##args);             \
  KS_CASTS_BEGIN                                                                   \
  KS_WRAPPED(section, name, struct pt_regs, name##_body(___bpf_kprobe_args(args))) \
  KS_CASTS_END                                                                     \
  static __always_inline int name##_body(struct pt_regs* ctx, ##args)
#define KS_RETPROBE(section, name, args...)                                           \
  static __always_inline int name##_body(struct pt_regs* ctx, ##args);                \
  KS_CASTS_BEGIN                                                                      \
  KS_WRAPPED(section, name, struct pt_regs, name##_body(___bpf_kretprobe_args(args))) \
  KS_CASTS_END                                                                        \
  static __always_inline int name##_body(struct pt_regs* ctx, ##args)

#endif
