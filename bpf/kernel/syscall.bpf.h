// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// System calls: their functions in the kernel, and their classic tracepoints.
#ifndef KERNSTAT_KERNEL_SYSCALL_BPF_H
#define KERNSTAT_KERNEL_SYSCALL_BPF_H

#include "kernstat.bpf.h"

#if defined(__TARGET_ARCH_x86)
#define KS_SYSCALL(name) "__x64_sys_" name
#elif defined(__TARGET_ARCH_arm64)
#define KS_SYSCALL(name) "__arm64_sys_" name
#endif

/// What syscalls:sys_exit_* give, in the layout of their `format` files.
struct ks_syscall_exit {
  __u64 common;
  __s32 nr;
  __u32 pad;
  long result;
};

#endif
