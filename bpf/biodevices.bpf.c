// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// Latency and size of bios at devices that have no requests: zram, dm, md, pmem. A device with
// requests clears the mark that block_bio_complete looks for, so that only the others arrive there.
//
// What a bio was is known only when it is queued: then it loses its size, and md may send it on to
// another device. That hook sees the bios of every device; it is attached once the first bio of a
// device without requests completes.
#include "kernel/block.bpf.h"
#include "kernstat.bpf.h"

struct bio_key {
  disk_dev device;
  enum operation operation;
};
struct bio_value {
  time_hist duration;
  size_hist size;
};
KS_SERIES_PERCPU(bios, struct bio_key, struct bio_value, 64)
KS_SERIES(swap_bios, struct bio_key, time_hist, 16)

struct bio_error_key {
  disk_dev device;
  enum operation operation;
  blk_status_code status;
};
KS_SERIES(bio_errors, struct bio_error_key, __u64, 64)

struct queued {
  __u64 since;
  disk_dev device;
  __u32 flags;
  __u32 bytes;
  __u32 pad;
};
KS_IN_FLIGHT(queued_bios, __u64, struct queued, 16384)

// Set here once a bio completed; watched by the engine.
__u32 need_queue = 0;

static __always_inline int queue(const bool direct, struct bio* bio) {
  struct gendisk* disk = ks_bio_disk(direct, bio);
  if (!disk || ks_read(direct, disk, queue, mq_ops)) return 0;
  __u64 id = (__u64)bio;
  struct queued queued = {
      .since = bpf_ktime_get_ns(),
      .device = ks_gendisk_dev(direct, disk),
      .flags = ks_read(direct, bio, bi_opf),
      .bytes = ks_read(direct, bio, bi_iter.bi_size),
  };
  queued_bios_put(&id, &queued);
  return 0;
}

KS_TWIN(block_bio_queue, on_queue, struct bio* bio) { return queue(direct, bio); }
// Until 5.11 the queue came first.
KS_TWIN(block_bio_queue, on_queue_old, struct request_queue* q, struct bio* bio) {
  return queue(direct, bio);
}

static __always_inline void count_error(const struct queued* queued, __u32 status) {
  struct bio_error_key key = {queued->device, ks_operation(queued->flags), status};
  __u64* errors = bio_errors_get(&key);
  if (errors) ks_inc(errors);
}

KS_TWIN(block_bio_complete, on_complete, struct request_queue* q, struct bio* bio) {
  struct queued queued;
  __u64 id = (__u64)bio;
  if (!need_queue) need_queue = 1;
  if (!queued_bios_take(&id, &queued)) return 0;
  __u64 ns = bpf_ktime_get_ns() - queued.since;
  __u32 status = ks_read(direct, bio, bi_status);
  if (status) count_error(&queued, status);
  struct bio_key key = {queued.device, ks_operation(queued.flags)};
  struct bio_value* value = bios_get(&key);
  if (!value) return 0;
  time_hist_add_alone(&value->duration, ns);
  size_hist_add_alone(&value->size, queued.bytes);
  if (ks_is_swap_write(queued.flags)) {
    time_hist* swap = swap_bios_get(&key);
    if (swap) time_hist_add(swap, ns);
  }
  return 0;
}
