// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// Time in soft interrupts by vector, without hard interrupts' own share taken out.
#include "kernstat.bpf.h"

/// In the order of the kernel's own enum (include/linux/interrupt.h), the same since 5.10.
enum vector {
  vector_hi,
  vector_timer,
  vector_net_tx,
  vector_net_rx,
  vector_block,
  vector_irq_poll,
  vector_tasklet,
  vector_sched,
  vector_hrtimer,
  vector_rcu,
};
#define VECTORS 10

KS_CELLS_PERCPU(softirq_time, enum vector, short_time_hist, VECTORS)
// Where this CPU's soft interrupt began: they do not nest.
KS_CELLS_PERCPU(softirq_begin, __u32, __u64, 1)

KS_TWIN(softirq_entry, on_entry, unsigned int vector) {
  __u64* begin = softirq_begin_at(0);
  if (begin) *begin = bpf_ktime_get_ns();
  return 0;
}

KS_TWIN(softirq_exit, on_exit, unsigned int vector) {
  __u64* begin = softirq_begin_at(0);
  if (!begin || !*begin) return 0;
  __u64 ns = bpf_ktime_get_ns() - *begin;
  *begin = 0;
  short_time_hist* hist = softirq_time_at(vector);
  if (hist) short_time_hist_add_alone(hist, ns);
  return 0;
}
