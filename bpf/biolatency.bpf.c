// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// How long block requests take, whole and within the device, what they carry, whether they follow
// on each other, and which of them are swap I/O.
//
// One hook and no map of requests: a request knows when it was allocated (start_time_ns, set when
// the queue keeps statistics) and when it was issued (io_start_time_ns, set while writeback
// throttling or a scheduler asks for it). Once a request without one of them is seen, the engine
// attaches the hooks that take stamps at insert and issue. They take them for the disks that need
// them; what other disks pay for is that the hooks are there.
#include "kernel/block.bpf.h"
#include "kernstat.bpf.h"

struct block_key {
  disk_dev device;
  enum operation operation;
};

struct block_value {
  time_hist total;   // allocation to completion
  time_hist device;  // issue to completion
  size_hist size;    // its sum has every byte; the bucket is that of a request's last part
  __u64 sequential;
  __u64 random;
  __u64
      next_sector;  // where the last one ended; per CPU, so that streams do not disturb each other
};

KS_SERIES_PERCPU(block_requests, struct block_key, struct block_value, 64)

// Looked up for swap I/O only.
KS_SERIES(swap_requests, struct block_key, time_hist, 16)

struct stamp {
  __u64 since;   // inserted, or issued without insertion
  __u64 issued;  // 0: not yet
};
KS_IN_FLIGHT(block_stamps, __u64, struct stamp, 16384)

// Set here once stamps are needed; watched by the engine.
__u32 need_stamps = 0;
// 1: takes stamps even where the kernel has the times, to try them. Any other number but 0: only
// for the disk with that dev_t.
const volatile __u32 only_stamps = 0;

// Which queues have given requests that lacked a time, by the kernel's number for them: one that
// shares the place of another takes stamps that it does not need.
#define KS_QUEUES 256
__u8 lacking[KS_QUEUES];

static __always_inline __u8* lacking_of(const bool direct, const struct request* rq) {
  return &lacking[(__u32)ks_read(direct, rq, q, id) % KS_QUEUES];
}

// A time of issue before the allocation has one of two reasons. Whoever issues takes the time that
// its plug has kept (blk_time_get_ns(), since 6.9), which may be a little older than a request of
// somebody else's: then it was issued at once. Or nobody asks for times of issue any more, and an
// earlier use of the request has set it, ever longer ago.
#define KS_PLUG_NS 100000000ULL

static __always_inline void count_pattern(struct block_value* value, __u64 sector, __u32 bytes) {
  if (sector == value->next_sector)
    ks_inc_alone(&value->sequential);
  else
    ks_inc_alone(&value->random);
  value->next_sector = sector + (bytes >> 9);
}

static __always_inline void count_swap(struct block_key* key, __u64 ns) {
  time_hist* hist = swap_requests_get(key);
  if (hist) time_hist_add(hist, ns);
}

// The times that the request itself lacks come from the stamps, which its queue needs from now on.
// Every stamp is taken, so that none is left for a later use of the same request. A flush, which
// has no bytes, is never issued itself: on its account the stamps would be needed everywhere.
static __always_inline void complete_times(const bool direct, struct request* rq, __u32 bytes,
                                           __u64* start, __u64* issue) {
  struct stamp stamp;
  __u64 id = (__u64)rq;
  __u8* lacks = lacking_of(direct, rq);
  if (bytes && (!*start || !*issue) && !*lacks) need_stamps = *lacks = 1;
  if (!*lacks || !block_stamps_take(&id, &stamp)) return;
  if (!*start) *start = stamp.since;
  if (!*issue && stamp.issued >= *start) *issue = stamp.issued;
}

KS_TWIN(block_rq_complete, on_complete, struct request* rq, int error, unsigned int nr_bytes) {
  __u32 flags = ks_read(direct, rq, cmd_flags);
  struct block_key key = {
      .device = ks_request_dev(direct, rq),
      .operation = ks_operation(flags),
  };
  if (!key.device) return 0;
  struct block_value* value = block_requests_get(&key);
  if (!value) return 0;
  // A request may complete in parts: its last part is all that is left of it.
  if (ks_read(direct, rq, __data_len) != nr_bytes) {
    ks_add_alone(&value->size.sum, nr_bytes);
    return 0;
  }
  __u64 start = ks_read(direct, rq, start_time_ns);
  __u64 issue = ks_read(direct, rq, io_start_time_ns);
  if (issue < start) issue = start - issue < KS_PLUG_NS ? start : 0;
  if (only_stamps == 1 || (only_stamps && only_stamps == key.device)) start = issue = 0;
  complete_times(direct, rq, nr_bytes, &start, &issue);
  __u64 now = bpf_ktime_get_ns();
  if (start && now >= start) {
    time_hist_add_alone(&value->total, now - start);
    if (key.operation == operation_read ? ks_is_swap_read(direct, rq) : ks_is_swap_write(flags))
      count_swap(&key, now - start);
  }
  if (issue && now >= issue) time_hist_add_alone(&value->device, now - issue);
  size_hist_add_alone(&value->size, nr_bytes);
  // A flush comes as a write of nothing.
  if (nr_bytes && key.operation <= operation_write)
    count_pattern(value, ks_read(direct, rq, __sector), nr_bytes);
  return 0;
}

static __always_inline int insert(const bool direct, struct request* rq) {
  if (!*lacking_of(direct, rq)) return 0;
  __u64 id = (__u64)rq;
  struct stamp stamp = {.since = bpf_ktime_get_ns()};
  block_stamps_put(&id, &stamp);
  return 0;
}

static __always_inline int issue(const bool direct, struct request* rq) {
  if (!*lacking_of(direct, rq)) return 0;
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

KS_TWIN(block_rq_insert, on_insert, struct request* rq) { return insert(direct, rq); }
KS_TWIN(block_rq_issue, on_issue, struct request* rq) { return issue(direct, rq); }
// Until 5.11 the queue came first.
KS_TWIN(block_rq_insert, on_insert_queue, struct request_queue* q, struct request* rq) {
  return insert(direct, rq);
}
KS_TWIN(block_rq_issue, on_issue_queue, struct request_queue* q, struct request* rq) {
  return issue(direct, rq);
}
