// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// Registers at a probe, as bpf_tracing.h names them.
#ifndef KERNSTAT_KERNEL_REGS_BPF_H
#define KERNSTAT_KERNEL_REGS_BPF_H

#if defined(__TARGET_ARCH_x86)
struct pt_regs {
  unsigned long r15, r14, r13, r12, bp, bx, r11, r10, r9, r8, ax, cx, dx, si, di, orig_ax, ip, cs,
      flags, sp, ss;
} __attribute__((preserve_access_index));
#elif defined(__TARGET_ARCH_arm64)
struct user_pt_regs {
  unsigned long long regs[31], sp, pc, pstate;
} __attribute__((preserve_access_index));
struct pt_regs {
  struct user_pt_regs user_regs;
  unsigned long long orig_x0;
} __attribute__((preserve_access_index));
#else
#error "registers of this architecture are not declared yet"
#endif

#endif
