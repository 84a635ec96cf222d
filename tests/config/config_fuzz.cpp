// SPDX-License-Identifier: Apache-2.0
// Any bytes as a configuration: problems or a configuration, never both, never a crash.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "config/config.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace kernstat;
  static const KnownSpecs kKnown{registered_collectors(), [](const BpfConfig&) {
                                   std::vector<CollectorSpec> tools;
                                   tools.push_back({.name = "biolatency", .help = "A tool."});
                                   return tools;
                                 }};
  Problems problems;
  const auto loaded =
      load_config({reinterpret_cast<const char*>(data), size}, "fuzz.yaml", kKnown, {}, problems);
  if (loaded.has_value() != problems.empty()) std::abort();
  for (const Problem& problem : problems.list()) {
    if (problem.text.empty() || problem.line < 0 || problem.column < 0) std::abort();
  }
  if (problems.text().empty() != problems.empty()) std::abort();
  return 0;
}
