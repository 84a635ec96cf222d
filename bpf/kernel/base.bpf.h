// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// Types that several kernel headers need. Structs in this directory declare only the members that
// tools read; CO-RE finds their place in the running kernel. Declare what you need, where its
// relatives are; never copy a whole struct.
#ifndef KERNSTAT_KERNEL_BASE_BPF_H
#define KERNSTAT_KERNEL_BASE_BPF_H

#include "kernstat.bpf.h"

#define KS_KERNEL __attribute__((preserve_access_index))

typedef __u64 sector_t;
typedef __u32 dev_t;

typedef struct {
  int counter;
} KS_KERNEL atomic_t;
typedef struct {
  long counter;
} KS_KERNEL atomic_long_t;
typedef struct {
  atomic_t refs;
} KS_KERNEL refcount_t;

#endif
