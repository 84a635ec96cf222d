// SPDX-License-Identifier: Apache-2.0
// The `const volatile` globals of an object: what its tool and the configuration say, and what the
// engine knows.
#pragma once

#include <string>
#include <vector>

#include "collectors/bpf/engine.h"
#include "collectors/bpf/hooks.h"
#include "collectors/bpf/object.h"
#include "collectors/bpf/tool_spec.h"

namespace kernstat::bpf {

/// Before the object is loaded: the tool's own values, then `parameters` of the configuration, then
/// those of the chosen hooks; and what programs ask of this kernel by name (ks_no_nesting,
/// ks_ns_per_jiffy, ks_cgroup_subsys).
Result<void> set_parameters(Object& object, const ToolSpec& spec, const Parameters& parameters,
                            const std::vector<Hook>& hooks, Engine& engine);

/// Gives each program its place in ks_costs, that in `programs`.
Result<void> set_slots(Object& object, const std::vector<std::string>& programs);

}  // namespace kernstat::bpf
