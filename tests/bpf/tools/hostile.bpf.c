// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// A map that is too small on purpose, keyed by what processes call themselves.
#include "kernel/task.bpf.h"
#include "kernstat.bpf.h"

struct name_key {
  char name[16];
};
KS_SERIES(names, struct name_key, __u64, 8)

struct group_key {
  cgroup_id workload;
};
KS_SERIES(groups, struct group_key, __u64, 16)

// Pairs whose end never comes.
struct begun {
  __u64 since;
};
KS_IN_FLIGHT(pending, __u64, struct begun, 16)
KS_LOST(unnamed);

const volatile __u32 only_tgid = 0;

KS_TWIN(sched_process_exit, on_exit, struct task_struct* task) {
  if ((__u32)ks_read(direct, task, real_parent, tgid) != only_tgid) return 0;
  struct name_key key = {};
  bpf_probe_read_kernel_str(key.name, sizeof(key.name), task->comm);
  if (!key.name[0]) ks_lost(unnamed);
  __u64* count = names_get(&key);
  if (count) ks_inc(count);
  struct group_key group = {ks_task_cgroup(direct, task)};
  count = groups_get(&group);
  if (count) ks_inc(count);
  __u64 id = ks_read(direct, task, pid);
  struct begun begun = {.since = bpf_ktime_get_ns()};
  pending_put(&id, &begun);
  return 0;
}
