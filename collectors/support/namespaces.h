// SPDX-License-Identifier: Apache-2.0
// Which namespaces processes are in.
#pragma once

#include <cstdint>
#include <string>

namespace kernstat {

/// The number of the namespace that a link such as <proc>/1/ns/net leads to, as the kernel's own
/// structures have it; 0 when that cannot be known, as of processes that this one may not trace.
/// Any thread. Source: namespaces(7).
std::uint32_t namespace_at(const std::string& link);

}  // namespace kernstat
