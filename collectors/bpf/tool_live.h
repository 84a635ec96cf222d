// SPDX-License-Identifier: Apache-2.0
// What exists while a tool is loaded. Private to Tool.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "collectors/bpf/followers.h"
#include "collectors/bpf/iterators.h"
#include "collectors/bpf/tool.h"

namespace kernstat::bpf {

struct SourceState {
  const Source* source = nullptr;
  KeyLayout key;
  std::vector<std::vector<std::byte>> first_keys;  // of a map that an iterator fills
  std::optional<MapScan> scan;                     // none for records
  std::unique_ptr<SeriesBook> book;
  Rows rows;
  std::uint64_t bytes = 0;
  std::optional<std::size_t> full;  // variable that counts events without room
};

struct InFlightState {
  const InFlightMap* map = nullptr;
  MapScan scan;
  Rows rows;
  std::int64_t next_ns = 0;
  std::uint64_t swept = 0;
  std::uint64_t bytes = 0;
  std::optional<std::size_t> full;
};

struct Tool::Live {
  std::unique_ptr<LoadedTool> tool;
  std::vector<std::unique_ptr<SourceState>> sources;
  std::vector<std::unique_ptr<InFlightState>> in_flight;
  std::optional<MapScan> cost_scan;
  Rows cost_rows;
  std::optional<Costs> costs;
  std::vector<int> program_descriptors;                   // of costs->programs()
  std::vector<std::pair<std::string, std::size_t>> lost;  // reason and variable
  Follower follower;
  IteratorRun iterators;
  std::vector<std::byte> output;  // scratch: of an iterator
};

/// What the tool's maps want with this capacity of each map of series; 0: its files' own.
MapMemory memory_of(const ToolFiles& files, std::uint32_t max_series);

/// Kernel memory of a loaded map, estimated.
std::uint64_t bytes_of(const bpf_map* map);

}  // namespace kernstat::bpf
