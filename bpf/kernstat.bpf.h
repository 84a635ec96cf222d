// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// Everything a tool includes first: programs, maps, histograms and label types. bpf/README.md is
// the manual.
#ifndef KERNSTAT_BPF_H
#define KERNSTAT_BPF_H

// The kernel's register and type names are declared by hand (kernel/), not those of user space.
#define __VMLINUX_H__ 1

#include <linux/bpf.h>
#include <linux/types.h>
#include <stdbool.h>

#include "kernel/regs.bpf.h"
// The order matters: bpf_helpers.h wants the __u32 family.
#include <bpf/bpf_helpers.h>
// clang-format off
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>
// clang-format on

#include "hist.bpf.h"
#include "maps.bpf.h"
#include "prog.bpf.h"
#include "types.bpf.h"

// GPL-2.0 or BSD: the kernel's GPL helpers are allowed.
char LICENSE[] SEC("license") = "Dual BSD/GPL";

#endif
