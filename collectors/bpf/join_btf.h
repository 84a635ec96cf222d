// SPDX-License-Identifier: Apache-2.0
// Joining the types of modules with those of the kernel that they build on: btf__add_btf() of
// libbpf refuses split BTF.
#pragma once

#include <cstddef>
#include <vector>

struct btf;

namespace kernstat::bpf {

/// One raw BTF of `base` and of `modules`, which were parsed as split BTF of it (btf__parse_split):
/// a module's types and strings are numbered from the end of the base's, so those of a second and
/// further module are moved up. What cannot be read as BTF is left out; nothing when that is the
/// base. (Documentation/bpf/btf.rst)
std::vector<std::byte> joined_btf(const btf* base, const std::vector<const btf*>& modules);

}  // namespace kernstat::bpf
