// SPDX-License-Identifier: Apache-2.0
// What this thread may do.
#pragma once

#include <string>
#include <string_view>

namespace kernstat::bpf {

/// Whether this thread has a capability in its effective set (CAP_BPF … of linux/capability.h).
bool has_capability(int capability);

/// The capabilities that loading and attaching tracing programs needs and this thread lacks, for
/// people: "CAP_BPF and CAP_PERFMON", or empty. CAP_SYS_ADMIN stands for both.
std::string missing_bpf_capabilities();

/// The number of a capability by its name, or -1.
int capability_number(std::string_view name);

}  // namespace kernstat::bpf
