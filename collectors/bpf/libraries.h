// SPDX-License-Identifier: Apache-2.0
// Finding shared libraries for uprobes.
#pragma once

#include <string>
#include <vector>

#include "collectors/support/host.h"

namespace kernstat::bpf {

/// Files of the library `name` (a soname, or a path): the host's own, and those that running
/// processes have mapped, in containers too as far as /proc shows them to this thread. Each inode
/// once.
std::vector<std::string> find_library(const std::string& name, const Host& host);

}  // namespace kernstat::bpf
