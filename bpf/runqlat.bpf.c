// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// How long runnable tasks waited for a CPU.
//
// One hook and no map of waiting tasks: the scheduler itself notes when a task was queued
// (sched_info.last_queued) in the run queue's clock, and a moment after sched_switch adds the
// difference to the task's run_delay. A task that is moved to another queue while it waits begins a
// new wait there. Without that clock or that note, stamps are taken when tasks are woken.
#include "kernel/task.bpf.h"
#include "kernstat.bpf.h"

enum class {
  class_deadline,
  class_realtime,
  class_fair,
};

KS_CELLS_PERCPU(run_queue_wait, enum class, short_time_hist, 3)

static __always_inline int count(const bool direct, struct task_struct* task, __u64 ns) {
  int prio = ks_read(direct, task, prio);
  enum class class = prio < 0 ? class_deadline : prio < 100 ? class_realtime : class_fair;
  short_time_hist* hist = run_queue_wait_at(class);
  if (hist) short_time_hist_add_alone(hist, ns);
  return 0;
}

KS_TWIN(sched_switch, on_switch, bool preempt, struct task_struct* prev, struct task_struct* next) {
  __u64 queued = ks_read(direct, next, sched_info.last_queued);
  if (!queued) return 0;
  __u64 now = ks_read(direct, next, se.cfs_rq, rq, clock);
  return now >= queued ? count(direct, next, now - queued) : 0;
}

struct waking {
  __u64 since;
};
KS_IN_FLIGHT(waking_tasks, __u32, struct waking, 32768)

static __always_inline int queue(const bool direct, struct task_struct* task) {
  __u32 pid = (__u32)ks_read(direct, task, pid);
  struct waking waking = {bpf_ktime_get_ns()};
  if (pid) waking_tasks_put(&pid, &waking);
  return 0;
}

static __always_inline bool is_running(const bool direct, struct task_struct* task) {
  struct task_struct___state* old = (void*)task;
  if (bpf_core_field_exists(old->state)) return BPF_CORE_READ(old, state) == 0;
  return ks_read(direct, task, __state) == 0;
}

KS_TWIN(sched_wakeup, on_wakeup, struct task_struct* task) { return queue(direct, task); }
KS_TWIN(sched_wakeup_new, on_wakeup_new, struct task_struct* task) { return queue(direct, task); }
KS_TWIN(sched_switch, on_switch_stamps, bool preempt, struct task_struct* prev,
        struct task_struct* next) {
  struct waking waking;
  __u32 pid = (__u32)ks_read(direct, next, pid);
  if (is_running(direct, prev)) queue(direct, prev);
  if (!waking_tasks_take(&pid, &waking)) return 0;
  return count(direct, next, bpf_ktime_get_ns() - waking.since);
}
