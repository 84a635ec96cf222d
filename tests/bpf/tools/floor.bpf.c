// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// Programs that do nothing, at each system call: what one costs in any case.
#include "kernstat.bpf.h"

KS_CELLS(nothing, __u32, __u64, 1)

// Without the wrapper that counts and times.
SEC("tp_btf/sys_enter") int bare(void* ctx) { return 0; }

KS_HOOK("tp_btf/sys_enter", wrapped, void* regs) { return 0; }
