// SPDX-License-Identifier: Apache-2.0
// Attaching one program to where its section and the tool's YAML say.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "collectors/bpf/libraries.h"
#include "collectors/bpf/object.h"
#include "collectors/bpf/tool_spec.h"
#include "collectors/support/host.h"

namespace kernstat::bpf {

/// Kind of a hook by its section: "tp_btf", "raw_tp", "iter", "cgroup", "fentry", "tracepoint",
/// "kprobe", "uprobe", "perf_event", …
std::string hook_kind(std::string_view section);
/// What it is on: "block_rq_complete"; empty when the section does not say.
std::string hook_target(std::string_view section);

/// A link, and where it is.
struct PlacedLink {
  Link link;
  Place place;
};

/// Attaches a loaded program. Perf events give a link per CPU, uprobes one per library file that
/// was found. kDenied names the capability or sysctl.
Result<std::vector<PlacedLink>> attach(const Object& object, const std::string& program,
                                       const ProgramSpec* where, const Host& host);

/// Whether a program attaches in several places, which come and go.
bool is_placed(const std::string& section, const ProgramSpec* where);
/// Attaches a loaded uprobe program to one more file of its library.
Result<PlacedLink> attach_file(const Object& object, const std::string& program,
                               const ProgramSpec& where, const LibraryFile& file, const Host& host);
/// Attaches a loaded perf event program to one more CPU; kAbsent when that is off line.
Result<PlacedLink> attach_cpu(const Object& object, const std::string& program,
                              const ProgramSpec& where, std::uint64_t cpu, const Host& host);

}  // namespace kernstat::bpf
