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

/// What becomes of a tool whose files do not fit.
enum class Broken : std::uint8_t {
  kReport,  ///< its problems are added to the list, as --check-config wants
  kStand,  ///< only a collector stands for it, which fails with its first problem: file:line:column
};

/// Specs of all tools of `bpf.dir`, `bpf.user_dir` and `bpf.more_dirs`, by name; a tool of a later
/// directory replaces one of the same name. A `dir` that is not there has no tools; another one
/// that is not there is a problem, as is a directory that cannot be read. Tools share one Engine
/// made of `settings`, whose limits come from `bpf`.
std::vector<CollectorSpec> discover_tools(const BpfConfig& bpf, EngineSettings settings,
                                          Broken broken, Problems& problems);

}  // namespace kernstat::bpf
