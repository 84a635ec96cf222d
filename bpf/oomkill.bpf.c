// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// Tasks killed for want of memory.
#include "kernel/task.bpf.h"
#include "kernstat.bpf.h"

struct oom_key {
  cgroup_id workload;
};
KS_SERIES(oom_kills, struct oom_key, __u64, 256)

static __always_inline int count(__u64 workload) {
  struct oom_key key = {workload};
  __u64* kills = oom_kills_get(&key);
  if (kills) ks_inc(kills);
  return 0;
}

KS_TWIN(mark_victim, on_victim, struct task_struct* task) {
  return count(ks_task_cgroup(direct, task));
}
// Before the victim itself was an argument there was only its number.
KS_TWIN(mark_victim, on_victim_pid, int pid) { return count(0); }
