// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// Awkward hooks: a software clock, a library function, a cgroup hook and a system call by number.
#include <linux/bpf.h>

#include "kernstat.bpf.h"

KS_CELLS_PERCPU(ticks, __u32, __u64, 1)

KS_PROGRAM("perf_event", on_tick, struct bpf_perf_event_data) {
  __u64* count = ticks_at(0);
  if (count) ks_inc(count);
  return 0;
}

KS_CELLS(calls, __u32, __u64, 1)
KS_UPROBE(on_call, const char* name) {
  __u64* count = calls_at(0);
  if (count) ks_inc(count);
  return 0;
}

struct packet_key {
  bool any;
  __u8 pad[7];
};
KS_SERIES_PERCPU(packets, struct packet_key, __u64, 4)
KS_PROGRAM("cgroup_skb/egress", on_egress, struct __sk_buff) {
  struct packet_key key = {.any = true};
  __u64* count = packets_get(&key);
  if (count) ks_add(count, ctx->len);
  return 1;
}

struct call_key {
  syscall_nr call;
};
KS_SERIES_PERCPU(system_calls, struct call_key, __u64, 512)
const volatile __u32 only_tgid = 0;
KS_TWIN(sys_enter, on_enter, struct pt_regs* regs, long nr) {
  if (bpf_get_current_pid_tgid() >> 32 != only_tgid) return 0;
  struct call_key key = {nr};
  __u64* count = system_calls_get(&key);
  if (count) ks_inc(count);
  return 0;
}
