// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// Block layer: requests, bios and their disks.
#ifndef KERNSTAT_KERNEL_BLOCK_BPF_H
#define KERNSTAT_KERNEL_BLOCK_BPF_H

#include "base.bpf.h"

#define REQ_OP_MASK 0xff
/// REQ_OP_… of include/linux/blk_types.h; the same since 5.10.
enum ks_req_op {
  KS_REQ_OP_READ = 0,
  KS_REQ_OP_WRITE = 1,
  KS_REQ_OP_FLUSH = 2,
  KS_REQ_OP_DISCARD = 3,
  KS_REQ_OP_SECURE_ERASE = 5,
  KS_REQ_OP_WRITE_ZEROES = 9,
};
/// Bits of a request's or bio's flags; the running kernel's BTF says where they are.
enum req_flag_bits {
  __REQ_SWAP = 23,
};
/// The label `operation`.
enum operation {
  operation_read,
  operation_write,
  operation_flush,
  operation_discard,
  operation_other,
};

struct device {
  dev_t devt;
} KS_KERNEL;

struct gendisk {
  int major;
  int first_minor;
  struct block_device* part0;
  struct request_queue* queue;
} KS_KERNEL;

struct block_device {
  dev_t bd_dev;
  struct gendisk* bd_disk;
  __u8 bd_partno;
} KS_KERNEL;

struct blk_mq_ops;
struct request_queue {
  const struct blk_mq_ops* mq_ops;
  struct gendisk* disk;
  int id;
} KS_KERNEL;

struct bio;
struct request {
  struct request_queue* q;
  struct bio* bio;
  unsigned int cmd_flags;
  unsigned int rq_flags;
  unsigned int __data_len;
  sector_t __sector;
  __u64 start_time_ns;
  __u64 io_start_time_ns;
  __u64 alloc_time_ns;
  struct block_device* part;
} KS_KERNEL;

/// Before 5.17 the request itself named its disk.
struct request___disk {
  struct gendisk* rq_disk;
} KS_KERNEL;

struct bvec_iter {
  sector_t bi_sector;
  unsigned int bi_size;
} KS_KERNEL;

typedef struct {
  unsigned long f;
} KS_KERNEL memdesc_flags_t;
struct page {
  memdesc_flags_t flags;
} KS_KERNEL;
/// Before 6.18.
struct page___word {
  unsigned long flags;
} KS_KERNEL;
struct bio_vec {
  struct page* bv_page;
} KS_KERNEL;

struct bio {
  struct block_device* bi_bdev;
  unsigned int bi_opf;
  __u8 bi_status;
  struct bio_vec* bi_io_vec;
  struct bvec_iter bi_iter;
} KS_KERNEL;

/// Before 5.12 a bio named its disk and partition.
struct bio___disk {
  struct gendisk* bi_disk;
  __u8 bi_partno;
} KS_KERNEL;

static __always_inline enum operation ks_operation(__u32 flags) {
  switch (flags & REQ_OP_MASK) {
    case KS_REQ_OP_READ:
      return operation_read;
    case KS_REQ_OP_WRITE:
      return operation_write;
    case KS_REQ_OP_FLUSH:
      return operation_flush;
    case KS_REQ_OP_DISCARD:
    case KS_REQ_OP_SECURE_ERASE:
    case KS_REQ_OP_WRITE_ZEROES:
      return operation_discard;
    default:
      return operation_other;
  }
}

/// Whether a request or bio writes to swap. The kernel marks no reads.
static __always_inline bool ks_is_swap_write(__u32 flags) {
  if (!bpf_core_enum_value_exists(enum req_flag_bits, __REQ_SWAP)) return false;
  return flags >> bpf_core_enum_value(enum req_flag_bits, __REQ_SWAP) & 1;
}

/// Bits of a page's flags.
enum pageflags {
  PG_swapcache = 10,
  PG_swapbacked = 17,
};

/// Whether a read request brings pages back from swap: they lie in the swap cache meanwhile.
static __always_inline bool ks_is_swap_read(const bool direct, struct request* rq) {
  __u64 wanted = 1ULL << bpf_core_enum_value(enum pageflags, PG_swapcache) |
                 1ULL << bpf_core_enum_value(enum pageflags, PG_swapbacked);
  struct bio* bio = ks_read(direct, rq, bio);
  if (!bio) return false;
  struct bio_vec* first = ks_read(direct, bio, bi_io_vec);
  if (!first) return false;
  struct page* page = ks_read(direct, first, bv_page);
  if (!page) return false;
  __u64 flags = bpf_core_field_exists(page->flags.f)
                    ? ks_read(direct, page, flags.f)
                    : ks_read(direct, (struct page___word*)page, flags);
  return (flags & wanted) == wanted;
}

static __always_inline disk_dev ks_gendisk_dev(const bool direct, struct gendisk* disk) {
  if (!disk) return 0;
  return (__u32)ks_read(direct, disk, major) << 20 | (__u32)ks_read(direct, disk, first_minor);
}

/// The disk (not the partition) of a request; 0 when it has none.
static __always_inline disk_dev ks_request_dev(const bool direct, struct request* rq) {
  struct gendisk* disk = 0;
  if (bpf_core_field_exists(((struct request___disk*)0)->rq_disk)) {
    disk = ks_read(direct, (struct request___disk*)rq, rq_disk);
  } else {
    disk = ks_read(direct, rq, q, disk);
  }
  return ks_gendisk_dev(direct, disk);
}

static __always_inline struct gendisk* ks_bio_disk(const bool direct, struct bio* bio) {
  if (bpf_core_field_exists(((struct bio___disk*)0)->bi_disk))
    return ks_read(direct, (struct bio___disk*)bio, bi_disk);
  return ks_read(direct, bio, bi_bdev, bd_disk);
}

/// The disk (not the partition) of a bio; 0 when it has none.
static __always_inline disk_dev ks_bio_dev(const bool direct, struct bio* bio) {
  return ks_gendisk_dev(direct, ks_bio_disk(direct, bio));
}

#endif
