// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// What the CPUs are busy with: samples of the kernel's stack, each counted for the part of the
// kernel that it was in. Helpers that everybody calls (copying, locking, entry code) count for
// their caller.
#include "kernel/text.bpf.h"
#include "kernstat.bpf.h"

KS_CELLS_PERCPU(cpu_samples, enum subsystem, __u64, KS_SUBSYSTEMS)

struct bpf_perf_event_data {
  struct pt_regs regs;
} __attribute__((preserve_access_index));

#define FRAMES 12

static __always_inline bool is_helper(__u32 subsystem) {
  return subsystem == subsystem_entry || subsystem == subsystem_lib ||
         subsystem == subsystem_locking;
}

static __always_inline __u32 subsystem_of_stack(void* ctx) {
  __u64 frames[FRAMES] = {};
  long bytes = bpf_get_stack(ctx, frames, sizeof(frames), 0);
  // Negative without a kernel stack: user space was interrupted.
  if (bytes < (long)sizeof(frames[0])) return subsystem_user;
  ks_fill_markers();
  __u32 leaf = ks_subsystem_of(frames[0]);
  if (!is_helper(leaf)) return leaf;
  for (int i = 1; i < FRAMES && frames[i]; i++) {
    __u32 caller = ks_subsystem_of(frames[i]);
    if (!is_helper(caller)) return caller;
  }
  return leaf;
}

KS_PROGRAM("perf_event", on_sample, struct bpf_perf_event_data) {
  __u32 subsystem = subsystem_of_stack(ctx);
  // The idle task's loop, outside of interrupts.
  if (!(__u32)bpf_get_current_pid_tgid() &&
      (subsystem == subsystem_user || subsystem == subsystem_sched ||
       subsystem == subsystem_entry || subsystem == subsystem_kernel ||
       subsystem == subsystem_other))
    subsystem = subsystem_idle;
  __u64* samples = cpu_samples_at(subsystem);
  if (samples) ks_inc(samples);
  return 0;
}
