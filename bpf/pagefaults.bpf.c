// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// Page faults by what caused them: the access, and whether the page was missing or protected (a
// write to a protected page is what copy-on-write looks like).
#include "kernel/base.bpf.h"
#include "kernstat.bpf.h"

enum cause {
  cause_read_missing,
  cause_write_missing,
  cause_execute_missing,
  cause_read_protected,
  cause_write_protected,
  cause_execute_protected,
};
struct faults {
  __u64 user;
  __u64 kernel;
};
KS_CELLS_PERCPU(page_faults, enum cause, struct faults, 6)

#if defined(__TARGET_ARCH_x86)
// enum x86_pf_error_code, which the processor defines.
static __always_inline enum cause cause_of(unsigned long error) {
  __u32 access = error & 16 ? 2 : error & 2 ? 1 : 0;
  return access + (error & 1 ? 3 : 0);
}
#elif defined(__TARGET_ARCH_arm64)
// ESR_ELx: exception class 0x20 and 0x21 are instruction aborts, bit 6 is a write, and the fault
// status is 0b0011xx for a permission fault.
static __always_inline enum cause cause_of(unsigned long error) {
  __u32 access = (error >> 26 & 0x3e) == 0x20 ? 2 : error & 64 ? 1 : 0;
  return access + ((error & 0x3c) == 0x0c ? 3 : 0);
}
#endif

KS_TWIN(page_fault_user, on_user, unsigned long address, struct pt_regs* regs,
        unsigned long error) {
  struct faults* faults = page_faults_at(cause_of(error));
  if (faults) ks_inc(&faults->user);
  return 0;
}

KS_TWIN(page_fault_kernel, on_kernel, unsigned long address, struct pt_regs* regs,
        unsigned long error) {
  struct faults* faults = page_faults_at(cause_of(error));
  if (faults) ks_inc(&faults->kernel);
  return 0;
}
