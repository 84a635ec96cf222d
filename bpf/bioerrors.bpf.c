// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// Block requests that ended with an error, and those that the driver sent back to the queue.
#include "kernel/block.bpf.h"
#include "kernstat.bpf.h"

struct error_key {
  disk_dev device;
  enum operation operation;
  blk_status_code status;
};
KS_SERIES(block_errors, struct error_key, __u64, 128)

struct requeue_key {
  disk_dev device;
};
KS_SERIES(block_requeues, struct requeue_key, __u64, 64)

static __always_inline int count_error(const bool direct, struct request* rq, __u32 status) {
  struct error_key key = {
      .device = ks_request_dev(direct, rq),
      .operation = ks_operation(ks_read(direct, rq, cmd_flags)),
      .status = status,
  };
  __u64* errors = key.device ? block_errors_get(&key) : 0;
  if (errors) ks_inc(errors);
  return 0;
}

KS_TWIN(block_rq_error, on_error, struct request* rq, __u8 status) {
  return count_error(direct, rq, status);
}
// Before there was a tracepoint for errors.
KS_TWIN(block_rq_complete, on_complete, struct request* rq, __u8 status) {
  return status ? count_error(direct, rq, status) : 0;
}

// The BLK_STS_… that blk_status_to_errno() (block/blk-core.c) made this errno of.
static __always_inline __u32 status_of_errno(int error) {
  switch (error) {
    case -95:  // EOPNOTSUPP
      return 1;
    case -110:  // ETIMEDOUT
      return 2;
    case -28:  // ENOSPC
      return 3;
    case -67:  // ENOLINK
      return 4;
    case -121:  // EREMOTEIO
      return 5;
    case -52:  // EBADE
      return 6;
    case -61:  // ENODATA
      return 7;
    case -84:  // EILSEQ
      return 8;
    case -12:  // ENOMEM
      return 9;
    case -11:  // EAGAIN
      return 12;
    case -16:  // EBUSY
      return 13;
    default:  // EIO and what else has no status of its own
      return 10;
  }
}
// Until 5.15 completions carried an errno.
KS_TWIN(block_rq_complete, on_complete_errno, struct request* rq, int error) {
  return error ? count_error(direct, rq, status_of_errno(error)) : 0;
}

static __always_inline int count_requeue(const bool direct, struct request* rq) {
  struct requeue_key key = {ks_request_dev(direct, rq)};
  __u64* requeues = key.device ? block_requeues_get(&key) : 0;
  if (requeues) ks_inc(requeues);
  return 0;
}

KS_TWIN(block_rq_requeue, on_requeue, struct request* rq) { return count_requeue(direct, rq); }
// Until 5.11 the queue came first.
KS_TWIN(block_rq_requeue, on_requeue_queue, struct request_queue* q, struct request* rq) {
  return count_requeue(direct, rq);
}
