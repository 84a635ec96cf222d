// SPDX-License-Identifier: Apache-2.0
// Any bytes as the YAML of a BPF tool: problems or a tool, never both, never a crash.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "collectors/bpf/tool_spec.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace kernstat;
  Problems problems;
  const auto tool = bpf::parse_tool_spec({reinterpret_cast<const char*>(data), size},
                                         "tools/fuzz.yaml", problems);
  if (tool.has_value() != problems.empty()) std::abort();
  if (tool && tool->name != "fuzz") std::abort();
  for (const Problem& problem : problems.list()) {
    if (problem.text.empty() || problem.line < 0 || problem.column < 0) std::abort();
  }
  return 0;
}
