// SPDX-License-Identifier: Apache-2.0
// What a tool says of itself: kernstat_bpf_….
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "collectors/bpf/costs.h"
#include "collectors/bpf/hooks.h"
#include "collectors/metrics.h"

namespace kernstat::bpf {

/// A map as it is now.
struct MapStatus {
  std::string labels;  ///< tool and map
  bool fills = true;   ///< false: an array, all of whose entries exist from the start
  std::uint64_t entries = 0;
  std::uint64_t capacity = 0;
  std::uint64_t bytes = 0;
  std::uint64_t full = 0;   ///< events that found no room
  std::uint64_t aged = 0;   ///< series that went into `other`
  std::uint64_t swept = 0;  ///< things in flight whose end never came
};

/// A counter with its label text.
struct LabelledCount {
  std::string labels;
  std::uint64_t count = 0;
};

struct ProgramStatus {
  std::string labels;
  std::uint64_t runs = 0;
  double seconds = 0;
  std::optional<std::uint64_t> misses;  ///< runs that the kernel skipped, where it counts them
};

/// Everything that a tool says of itself at a scrape. Copied from the reading thread to the
/// writing one.
struct ToolStatus {
  std::string labels;                    ///< tool
  std::vector<std::string> hooks;        ///< labels of hook_info
  std::vector<std::string> unavailable;  ///< labels of hook_unavailable
  std::vector<MapStatus> maps;
  std::vector<LabelledCount> lost;
  std::vector<ProgramStatus> programs;
  double load_seconds = 0;
  double budget = 0;
  std::uint64_t shed = 0;
  bool is_shed = false;
};

/// The labels of one hook: which programs serve which families, and what was passed over.
void describe_hook(const ToolSpec& tool, const Hook& hook, const Object* object,
                   const std::vector<std::string>& families, ToolStatus& status);

void write_status(const ToolStatus& status, Families& out);

}  // namespace kernstat::bpf
