// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// Writing dirty pages back: passes of the flusher threads by the kernel's reason, and the time that
// writers were held back because too much was dirty.
#include "kernel/base.bpf.h"
#include "kernel/block.bpf.h"
#include "kernel/time.bpf.h"
#include "kernstat.bpf.h"

struct backing_dev_info {
  struct device* owner;
} KS_KERNEL;
struct bdi_writeback {
  struct backing_dev_info* bdi;
} KS_KERNEL;
enum wb_reason { WB_REASON_BACKGROUND };
struct wb_writeback_work {
  long nr_pages;
  enum wb_reason reason;
} KS_KERNEL;

KS_KERNEL_ENUM(wb_reason);

struct writeback_key {
  disk_dev device;  // "other" for what is no disk: network and multi-device file systems
  kernel_enum__wb_reason reason;
};
struct writeback_value {
  time_hist duration;
  __u64 pages;
};
KS_SERIES(writebacks, struct writeback_key, struct writeback_value, 128)

struct pass {
  __u64 since;
  __s64 pages;  // still to be written
};
KS_IN_FLIGHT(writeback_passes, __u64, struct pass, 1024)

static __always_inline disk_dev device_of(const bool direct, struct bdi_writeback* wb) {
  struct device* owner = ks_read(direct, wb, bdi, owner);
  return owner ? ks_read(direct, owner, devt) : 0;
}

KS_TWIN(writeback_start, on_start, struct bdi_writeback* wb, struct wb_writeback_work* work) {
  __u64 id = (__u64)work;
  struct pass pass = {bpf_ktime_get_ns(), ks_read(direct, work, nr_pages)};
  writeback_passes_put(&id, &pass);
  return 0;
}

KS_TWIN(writeback_written, on_written, struct bdi_writeback* wb, struct wb_writeback_work* work) {
  __u64 id = (__u64)work;
  struct pass pass;
  if (!writeback_passes_take(&id, &pass)) return 0;
  struct writeback_key key = {device_of(direct, wb), ks_read(direct, work, reason)};
  struct writeback_value* value = writebacks_get(&key);
  if (!value) return 0;
  time_hist_add(&value->duration, bpf_ktime_get_ns() - pass.since);
  __s64 written = pass.pages - ks_read(direct, work, nr_pages);
  if (written > 0) ks_add(&value->pages, written);
  return 0;
}

struct throttle_key {
  disk_dev device;
};
KS_SERIES(dirty_throttles, struct throttle_key, time_hist, 64)

// The kernel tells the pause, in jiffies, just before it sleeps; none or a negative one is no
// sleep.
static __always_inline int throttle(const bool direct, struct bdi_writeback* wb, long pause) {
  if (pause <= 0) return 0;
  struct throttle_key key = {device_of(direct, wb)};
  time_hist* hist = dirty_throttles_get(&key);
  if (hist) time_hist_add(hist, (__u64)pause * ks_ns_per_jiffy);
  return 0;
}

KS_TWIN(balance_dirty_pages, on_throttle, struct bdi_writeback* wb, void* dtc,
        unsigned long dirty_ratelimit, unsigned long task_ratelimit, unsigned long dirtied,
        unsigned long period, long pause) {
  return throttle(direct, wb, pause);
}
// Until 6.17 the limits were arguments.
KS_TWIN(balance_dirty_pages, on_throttle_limits, struct bdi_writeback* wb, unsigned long thresh,
        unsigned long bg_thresh, unsigned long dirty, unsigned long bdi_thresh,
        unsigned long bdi_dirty, unsigned long dirty_ratelimit, unsigned long task_ratelimit,
        unsigned long dirtied, unsigned long period, long pause) {
  return throttle(direct, wb, pause);
}
