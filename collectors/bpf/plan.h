// SPDX-License-Identifier: Apache-2.0
// How a tool's YAML and its object fit together: checked without any privilege.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/bpf/btf_schema.h"
#include "collectors/bpf/object.h"
#include "collectors/bpf/series_book.h"
#include "collectors/bpf/tool_spec.h"
#include "config/yaml.h"

namespace kernstat::bpf {

/// A metric as it is said at a scrape.
struct PlannedMetric {
  std::string name;
  std::string help;
  MetricType type = MetricType::kCounter;
  double scale = 1;  ///< from the value's unit to the base unit
  bool is_signed = false;
  std::optional<HistGrid> hist;
  std::size_t source = 0;  ///< index into Plan::sources
  std::size_t view = 0;    ///< index into its views
};

/// A map or an iterator's records, that metrics come from.
struct Source {
  std::string name;
  bool is_records = false;
  std::string iterator;  ///< program that fills the map or emits the records; empty: none
  KeyLayout key;
  ValueLayout value;
  std::size_t record_size = 0;
  std::size_t record_key = 0;
  std::size_t record_value = 0;
  std::vector<MetricView> views;
  bool is_array = false;
  std::uint32_t capacity = 0;  ///< entries for series, without `other`
  bool zero = false;           ///< all combinations of known values exist from attach
  std::chrono::milliseconds idle{0};
};

struct InFlightMap {
  std::string name;
  std::chrono::milliseconds sweep{0};
};

struct Plan {
  std::vector<PlannedMetric> metrics;
  std::vector<Source> sources;
  std::vector<InFlightMap> in_flight;

  const Source* source(std::string_view name) const;
};

/// Binds `spec` to `object`. What does not fit is reported against the YAML file or the object's;
/// nothing is returned then.
std::optional<Plan> make_plan(const ToolSpec& spec, const Object& object, Problems& problems);

/// Kernel memory of a map in bytes, estimated from how the kernel lays it out.
std::uint64_t map_bytes(bool is_hash, bool is_percpu, std::size_t key_size, std::size_t value_size,
                        std::uint64_t entries, std::size_t cpus);

/// Keys that a hash of series has from the start: `other`, and with `zero` all known ones. None for
/// an array or records.
std::vector<std::vector<std::byte>> first_keys(const Source& source);

/// All keys that can be made of the columns' known values; empty when there are too many (256) or a
/// column has none.
std::vector<std::vector<std::byte>> known_keys(const KeyLayout& layout);

}  // namespace kernstat::bpf
