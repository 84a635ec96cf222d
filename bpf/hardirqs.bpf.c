// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// Time in hard interrupts' handlers, by the name that the driver gave (as /proc/interrupts shows
// it). Vectors that are no interrupt lines, such as the local timer's, do not pass here.
#include "kernel/base.bpf.h"
#include "kernstat.bpf.h"

struct irqaction {
  const char* name;
} KS_KERNEL;

struct irq_key {
  char action[32];
};
KS_SERIES_PERCPU(irq_time, struct irq_key, short_time_hist, 64)
// Where this CPU's handler began: they run with interrupts off and do not nest.
KS_CELLS_PERCPU(irq_begin, __u32, __u64, 1)

KS_TWIN(irq_handler_entry, on_entry) {
  __u64* begin = irq_begin_at(0);
  if (begin) *begin = bpf_ktime_get_ns();
  return 0;
}

KS_TWIN(irq_handler_exit, on_exit, int irq, struct irqaction* action) {
  __u64* begin = irq_begin_at(0);
  if (!begin || !*begin) return 0;
  __u64 ns = bpf_ktime_get_ns() - *begin;
  *begin = 0;
  struct irq_key key = {};
  bpf_probe_read_kernel_str(key.action, sizeof(key.action), ks_read(direct, action, name));
  short_time_hist* hist = irq_time_get(&key);
  if (hist) short_time_hist_add_alone(hist, ns);
  return 0;
}
