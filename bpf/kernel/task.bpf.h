// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// Tasks, their cgroups, memory and namespaces.
#ifndef KERNSTAT_KERNEL_TASK_BPF_H
#define KERNSTAT_KERNEL_TASK_BPF_H

#include "base.bpf.h"

struct kernfs_node {
  __u64 id;
} KS_KERNEL;
struct cgroup {
  struct kernfs_node* kn;
} KS_KERNEL;
struct cgroup_subsys_state {
  struct cgroup* cgroup;
} KS_KERNEL;
struct css_set {
  struct cgroup_subsys_state* subsys[14];
  struct cgroup* dfl_cgrp;
} KS_KERNEL;

struct ns_common {
  unsigned int inum;
} KS_KERNEL;
struct net {
  struct ns_common ns;
} KS_KERNEL;
struct nsproxy {
  struct net* net_ns;
} KS_KERNEL;

struct mm_struct {
  unsigned long total_vm;
} KS_KERNEL;

struct signal_struct {
  struct mm_struct* oom_mm;
  short oom_score_adj;
} KS_KERNEL;

// Times in rq_clock() of the CPU whose queue the task is in.
struct sched_info {
  unsigned long long last_queued;  // 0 unless waiting to run
} KS_KERNEL;

// A CPU's run queue, which every task is tied to through the fair class, whatever its own is.
struct rq {
  __u64 clock;
} KS_KERNEL;
struct cfs_rq {
  struct rq* rq;
} KS_KERNEL;
struct sched_entity {
  struct cfs_rq* cfs_rq;
} KS_KERNEL;

struct file;
struct fdtable {
  unsigned int max_fds;
  struct file** fd;
} KS_KERNEL;
struct files_struct {
  struct fdtable* fdt;
} KS_KERNEL;

struct task_struct {
  unsigned int __state;
  unsigned int flags;
  int pid;
  int tgid;
  int exit_code;
  int prio;
  char comm[16];
  __u64 start_time;
  struct task_struct* group_leader;
  struct task_struct* real_parent;
  struct mm_struct* mm;
  struct signal_struct* signal;
  struct nsproxy* nsproxy;
  struct css_set* cgroups;
  struct sched_entity se;
  struct sched_info sched_info;
  struct files_struct* files;
} KS_KERNEL;

/// Before 5.14.
struct task_struct___state {
  volatile long state;
} KS_KERNEL;

#define KS_PF_KTHREAD 0x00200000

// Which hierarchy names the workload: -1 the unified one, else the index of a v1 controller. Set by
// the engine from /proc/self/mountinfo and the kernel's enum cgroup_subsys_id.
const volatile __s32 ks_cgroup_subsys = -1;

/// The cgroup that names `task`'s workload, on v1, v2 and hybrid hosts; 0 when unknown.
static __always_inline cgroup_id ks_task_cgroup(const bool direct, struct task_struct* task) {
  if (ks_cgroup_subsys < 0) return ks_read(direct, task, cgroups, dfl_cgrp, kn, id);
  struct css_set* set = ks_read(direct, task, cgroups);
  struct cgroup_subsys_state* css = 0;
  __u32 index = (__u32)ks_cgroup_subsys;
  if (index >= 14) return 0;
  bpf_probe_read_kernel(
      &css, sizeof(css),
      (void*)set +
          __builtin_preserve_field_info(((struct css_set*)0)->subsys, BPF_FIELD_BYTE_OFFSET) +
          index * sizeof(css));
  return BPF_CORE_READ(css, cgroup, kn, id);
}

#endif
