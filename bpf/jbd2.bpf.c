// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// Commits of the journal of ext4 and ocfs2, from the kernel's own statistics of each (one event a
// commit; times in jiffies).
#include "kernel/base.bpf.h"
#include "kernel/time.bpf.h"
#include "kernstat.bpf.h"

struct transaction_run_stats_s {
  unsigned long rs_wait;
  unsigned long rs_request_delay;
  unsigned long rs_running;
  unsigned long rs_locked;
  unsigned long rs_flushing;
  unsigned long rs_logging;
  __u32 rs_handle_count;
  __u32 rs_blocks_logged;
} KS_KERNEL;

struct journal_key {
  disk_dev device;
};
struct journal_value {
  time_hist duration;  // of the commit: locked, flushing and logging
  count_hist blocks;
  __u64 wait;
  __u64 request_delay;
  __u64 running;
  __u64 locked;
  __u64 flushing;
  __u64 logging;
  __u64 handles;
};
KS_SERIES(journals, struct journal_key, struct journal_value, 64)

#define ADD(member) ks_add(&value->member, ks_read(direct, stats, rs_##member) * ns)

KS_TWIN(jbd2_run_stats, on_stats, dev_t dev, __u32 tid, struct transaction_run_stats_s* stats) {
  // Newer verifiers want proof that a module's tracepoint gave an object.
  if (!stats) return 0;
  __u64 ns = ks_ns_per_jiffy;
  struct journal_key key = {dev};
  struct journal_value* value = journals_get(&key);
  if (!value) return 0;
  count_hist_add(&value->blocks, ks_read(direct, stats, rs_blocks_logged));
  ks_add(&value->handles, ks_read(direct, stats, rs_handle_count));
  ADD(wait);
  ADD(request_delay);
  ADD(running);
  ADD(locked);
  ADD(flushing);
  ADD(logging);
  time_hist_add(&value->duration,
                (ks_read(direct, stats, rs_locked) + ks_read(direct, stats, rs_flushing) +
                 ks_read(direct, stats, rs_logging)) *
                    ns);
  return 0;
}
