// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// How long block requests take, whole and within the device, and what they carry.
//
// One hook and no map of requests: a request knows when it was allocated (start_time_ns, set when
// the queue keeps statistics) and when it was issued (io_start_time_ns, set while writeback
// throttling or a scheduler asks for it). Once a request without one of them is seen, the engine
// attaches the hooks that take stamps at insert and issue.
#include "kernel/block.bpf.h"
#include "kernstat.bpf.h"

struct block_key {
  disk_dev device;
  enum operation operation;
};

struct block_value {
  time_hist total;   // allocation to completion
  time_hist device;  // issue to completion
  __u64 bytes;
};

KS_SERIES_PERCPU(block_requests, struct block_key, struct block_value, 64)

struct stamp {
  __u64 since;   // inserted, or issued without insertion
  __u64 issued;  // 0: not yet
};
KS_IN_FLIGHT(block_stamps, __u64, struct stamp, 16384)

// Set here once stamps are needed; watched by the engine.
__u32 need_stamps = 0;

static __always_inline void count(struct block_key* key, __u64 now, __u64 start, __u64 issue,
                                  __u32 bytes) {
  struct block_value* value = block_requests_get(key);
  if (!value) return;
  if (start && now >= start) time_hist_add(&value->total, now - start);
  if (issue && now >= issue) time_hist_add(&value->device, now - issue);
  if (bytes) ks_add(&value->bytes, bytes);
}

KS_TWIN(block_rq_complete, on_complete, struct request* rq, int error, unsigned int nr_bytes) {
  // A request may complete in parts: its last part is all that is left of it.
  if (ks_read(direct, rq, __data_len) != nr_bytes) return 0;
  __u64 start = ks_read(direct, rq, start_time_ns);
  __u64 issue = ks_read(direct, rq, io_start_time_ns);
  if (!start || !issue) {
    struct stamp stamp;
    __u64 id = (__u64)rq;
    if (!need_stamps) need_stamps = 1;
    if (block_stamps_take(&id, &stamp)) {
      if (!start) start = stamp.since;
      if (!issue) issue = stamp.issued;
    }
  }
  struct block_key key = {
      .device = ks_request_dev(direct, rq),
      .operation = ks_operation(ks_read(direct, rq, cmd_flags)),
  };
  if (!key.device) return 0;
  count(&key, bpf_ktime_get_ns(), start, issue, nr_bytes);
  return 0;
}

static __always_inline int insert(struct request* rq) {
  __u64 id = (__u64)rq;
  struct stamp stamp = {.since = bpf_ktime_get_ns()};
  block_stamps_put(&id, &stamp);
  return 0;
}

static __always_inline int issue(struct request* rq) {
  __u64 id = (__u64)rq;
  __u64 now = bpf_ktime_get_ns();
  struct stamp stamp = {.since = now, .issued = now};
  struct stamp* inserted = bpf_map_lookup_elem(&block_stamps, &id);
  if (inserted)
    inserted->issued = now;
  else
    block_stamps_put(&id, &stamp);
  return 0;
}

KS_TWIN(block_rq_insert, on_insert, struct request* rq) { return insert(rq); }
KS_TWIN(block_rq_issue, on_issue, struct request* rq) { return issue(rq); }
// Until 5.11 the queue came first.
KS_TWIN(block_rq_insert, on_insert_queue, struct request_queue* q, struct request* rq) {
  return insert(rq);
}
KS_TWIN(block_rq_issue, on_issue_queue, struct request_queue* q, struct request* rq) {
  return issue(rq);
}
