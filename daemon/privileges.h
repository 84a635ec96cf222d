// SPDX-License-Identifier: Apache-2.0
// Capabilities, which belong to single threads (capabilities(7)).
#pragma once

#include <cstdint>

#include "collectors/support/result.h"

namespace kernstat {

/// A set of capabilities, a bit each (1 << CAP_…).
using Capabilities = std::uint64_t;

/// What BPF tools may use while they run, as far as the process was given it: BPF and PERFMON to
/// load, attach and read; NET_ADMIN for programs on devices and in cgroups; SYS_ADMIN to visit
/// network namespaces and for the perf group; SYS_RESOURCE for locked memory before 5.11;
/// SYS_PTRACE for uprobes.
Capabilities bpf_capabilities();
/// What BPF tools use only when they are attached: DAC_READ_SEARCH to read tracepoint ids, SYSLOG
/// for kernel symbols.
Capabilities bpf_start_capabilities();

/// Gives up every capability of the calling thread that is not in `keep`: effective, permitted,
/// inheritable and ambient. Threads made later inherit what is left.
Result<void> keep_capabilities(Capabilities keep);
/// The effective capabilities of the calling thread.
Result<Capabilities> own_capabilities();

}  // namespace kernstat
