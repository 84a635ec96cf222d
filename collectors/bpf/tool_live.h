// SPDX-License-Identifier: Apache-2.0
// What exists while a tool is loaded. Private to Tool.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "collectors/bpf/tool.h"

namespace kernstat::bpf {

struct SourceState {
  const Source* source = nullptr;
  KeyLayout key;
  std::optional<MapScan> scan;  // none for records
  std::unique_ptr<SeriesBook> book;
  Rows rows;
  std::uint64_t bytes = 0;
};

struct InFlightState {
  const InFlightMap* map = nullptr;
  MapScan scan;
  Rows rows;
  std::int64_t next_ns = 0;
  std::uint64_t swept = 0;
};

struct Tool::Live {
  std::unique_ptr<LoadedTool> tool;
  std::vector<std::unique_ptr<SourceState>> sources;
  std::vector<std::unique_ptr<InFlightState>> in_flight;
  std::optional<MapScan> cost_scan;
  Rows cost_rows;
  std::optional<Costs> costs;
  std::vector<std::string> lost;  // names of ks_lost_ variables
};

/// Kernel memory of a loaded map, estimated.
std::uint64_t bytes_of(const bpf_map* map);

}  // namespace kernstat::bpf
