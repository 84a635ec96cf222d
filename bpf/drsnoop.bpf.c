// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// Tasks that had to reclaim memory themselves: for how long, how many pages, and how long reclaim
// held them back. The arguments of the begin differ between kernels and are not needed.
#include "kernstat.bpf.h"

enum scope {
  scope_direct,     // an allocation while the whole machine is short of memory
  scope_memcg,      // a charge to a memory cgroup at its limit
  scope_softlimit,  // a v1 memory cgroup above its soft limit
  scope_node,       // an allocation that should stay on its NUMA node
};
#define SCOPES 4

struct reclaim {
  time_hist duration;
  __u64 pages;
};
KS_CELLS(reclaims, enum scope, struct reclaim, SCOPES)

struct begin_key {
  __u32 task;
  enum scope scope;  // soft-limit reclaim runs within direct reclaim
};
struct begin {
  __u64 since;
};
KS_IN_FLIGHT(reclaim_begins, struct begin_key, struct begin, 8192)

static __always_inline int on_begin(enum scope scope) {
  struct begin_key key = {(__u32)bpf_get_current_pid_tgid(), scope};
  struct begin begin = {bpf_ktime_get_ns()};
  reclaim_begins_put(&key, &begin);
  return 0;
}

static __always_inline int on_end(enum scope scope, unsigned long pages) {
  struct begin_key key = {(__u32)bpf_get_current_pid_tgid(), scope};
  struct begin begin;
  if (!reclaim_begins_take(&key, &begin)) return 0;
  struct reclaim* reclaim = reclaims_at(scope);
  if (!reclaim) return 0;
  time_hist_add(&reclaim->duration, bpf_ktime_get_ns() - begin.since);
  ks_add(&reclaim->pages, pages);
  return 0;
}

KS_TWIN(mm_vmscan_direct_reclaim_begin, direct_begin) { return on_begin(scope_direct); }
KS_TWIN(mm_vmscan_direct_reclaim_end, direct_end, unsigned long pages) {
  return on_end(scope_direct, pages);
}
KS_TWIN(mm_vmscan_memcg_reclaim_begin, memcg_begin) { return on_begin(scope_memcg); }
KS_TWIN(mm_vmscan_memcg_reclaim_end, memcg_end, unsigned long pages) {
  return on_end(scope_memcg, pages);
}
KS_TWIN(mm_vmscan_memcg_softlimit_reclaim_begin, softlimit_begin) {
  return on_begin(scope_softlimit);
}
KS_TWIN(mm_vmscan_memcg_softlimit_reclaim_end, softlimit_end, unsigned long pages) {
  return on_end(scope_softlimit, pages);
}
KS_TWIN(mm_vmscan_node_reclaim_begin, node_begin) { return on_begin(scope_node); }
KS_TWIN(mm_vmscan_node_reclaim_end, node_end, unsigned long pages) {
  return on_end(scope_node, pages);
}

/// In the order of the kernel's enum vmscan_throttle_state.
enum throttle_reason {
  throttle_reason_writeback,
  throttle_reason_isolated,
  throttle_reason_noprogress,
  throttle_reason_congested,
};
KS_CELLS(throttles, enum throttle_reason, time_hist, 4)

KS_TWIN(mm_vmscan_throttled, on_throttled, int nid, int usec_timeout, int usec_delayed,
        int reason) {
  time_hist* hist = throttles_at(reason);
  if (hist && usec_delayed >= 0) time_hist_add(hist, (__u64)usec_delayed * 1000);
  return 0;
}
