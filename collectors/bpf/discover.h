// SPDX-License-Identifier: Apache-2.0
// Finding the tools of the BPF directories.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "collectors/bpf/engine.h"
#include "collectors/bpf/tool.h"
#include "collectors/collector.h"
#include "config/config.h"
#include "config/yaml.h"

namespace kernstat::bpf {

/// The two files of one tool, checked against each other. Needs no privilege. Problems carry the
/// YAML file's line and column where there is one.
std::shared_ptr<const ToolFiles> read_tool(const std::string& yaml_path, Problems& problems);

/// Specs of all tools of `bpf.dir` and `bpf.user_dir`, by name. A broken tool of the operator's
/// directory is left out, and said in `problems` and by a spec whose collector fails with its first
/// problem. A directory that is not there has no tools. Tools share one Engine made of `settings`,
/// whose limits come from `bpf`.
std::vector<CollectorSpec> discover_tools(const BpfConfig& bpf, EngineSettings settings,
                                          Problems& problems);

}  // namespace kernstat::bpf
