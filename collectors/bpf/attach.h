// SPDX-License-Identifier: Apache-2.0
// Attaching one program to where its section and the tool's YAML say.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "collectors/bpf/object.h"
#include "collectors/bpf/tool_spec.h"
#include "collectors/support/host.h"

namespace kernstat::bpf {

/// Kind of a hook by its section: "tp_btf", "raw_tp", "iter", "cgroup", "fentry", "tracepoint",
/// "kprobe", "uprobe", "perf_event", …
std::string hook_kind(std::string_view section);
/// What it is on: "block_rq_complete"; empty when the section does not say.
std::string hook_target(std::string_view section);

/// Attaches a loaded program. Perf events give a link per CPU, uprobes one per library file that
/// was found. kDenied names the capability or sysctl.
Result<std::vector<Link>> attach(const Object& object, const std::string& program,
                                 const ProgramSpec* where, const Host& host);

}  // namespace kernstat::bpf
