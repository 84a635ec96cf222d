// SPDX-License-Identifier: Apache-2.0
// From a tool's file to its attached programs.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "collectors/bpf/engine.h"
#include "collectors/bpf/hooks.h"
#include "collectors/bpf/object.h"
#include "collectors/bpf/plan.h"
#include "collectors/bpf/tool_spec.h"

namespace kernstat::bpf {

/// A tool in the kernel. Links go before the object.
struct LoadedTool {
  Object object;
  std::vector<Hook> hooks;
  std::vector<std::string> programs;  ///< by their slot in ks_costs
};

/// Loads the object with the best alternative of each hook and attaches those that need not wait.
/// When an alternative does not load or attach, the next one is tried. `max_series`: capacity of
/// each map of series instead of the plan's, or 0. When it fails, `failed_hooks` receives what
/// became of each hook.
Result<std::unique_ptr<LoadedTool>> load_tool(const ToolSpec& spec, const Plan& plan,
                                              const std::string& object_path,
                                              const Parameters& parameters,
                                              std::uint32_t max_series, Engine& engine,
                                              std::vector<Hook>& failed_hooks);

/// Detaches all programs of the tool; maps and what they counted stay.
void detach(LoadedTool& tool);
/// Attaches all hooks again that were attached before detach().
Result<void> attach_again(LoadedTool& tool, const ToolSpec& spec, Engine& engine);

}  // namespace kernstat::bpf
