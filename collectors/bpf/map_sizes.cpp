// SPDX-License-Identifier: Apache-2.0
#include "collectors/bpf/map_sizes.h"

#include <bpf/libbpf.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <string_view>

namespace kernstat::bpf {
namespace {

constexpr std::uint32_t kFewestSeries = 8;
constexpr std::uint32_t kFewestInFlight = 256;

// Those that exist from the start.
std::uint32_t known_series(const Source& source) {
  return source.zero ? static_cast<std::uint32_t>(known_keys(source.key).size()) : 0;
}

std::uint32_t wanted_series(const Source& source, std::uint32_t max_series) {
  return max_series == 0 ? source.capacity : std::max(max_series, known_series(source));
}

bool is_in_flight(const Plan& plan, std::string_view map) {
  return std::any_of(plan.in_flight.begin(), plan.in_flight.end(),
                     [&](const InFlightMap& each) { return each.name == map; });
}

}  // namespace

void size_maps(const Object& object, const Plan& plan, std::uint32_t max_series,
               std::size_t program_count, double scale) {
  for (const Source& source : plan.sources) {
    if (source.is_records || source.is_array) continue;
    const std::uint32_t series =
        scaled_series(wanted_series(source, max_series), scale, known_series(source));
    bpf_map__set_max_entries(object.map(source.name), series + 1);
  }
  for (const InFlightMap& in_flight : plan.in_flight) {
    bpf_map* map = object.map(in_flight.name);
    const std::uint32_t wanted = bpf_map__max_entries(map);
    const auto fitting = static_cast<std::uint32_t>(std::floor(wanted * scale));
    bpf_map__set_max_entries(map, std::min(wanted, std::max(kFewestInFlight, fitting)));
  }
  bpf_map* costs = object.map("ks_costs");
  if (costs != nullptr) {
    bpf_map__set_max_entries(costs,
                             static_cast<std::uint32_t>(std::max<std::size_t>(1, program_count)));
  }
}

std::uint32_t scaled_series(std::uint32_t capacity, double scale, std::uint32_t least) {
  const auto fitting = static_cast<std::uint32_t>(std::floor(capacity * scale));
  return std::max(least, std::min(capacity, std::max(kFewestSeries, fitting)));
}

MapMemory wanted_memory(const Object& object, const Plan& plan, std::size_t cpus,
                        std::uint32_t max_series) {
  MapMemory memory;
  for (const std::string& name : object.maps()) {
    const bpf_map* map = object.map(name);
    const bpf_map_type type = bpf_map__type(map);
    const bool is_hash = type == BPF_MAP_TYPE_HASH || type == BPF_MAP_TYPE_PERCPU_HASH;
    const bool is_percpu = type == BPF_MAP_TYPE_PERCPU_HASH || type == BPF_MAP_TYPE_PERCPU_ARRAY;
    const Source* source = plan.source(name);
    const bool is_scaled = source != nullptr && !source->is_array;
    const auto bytes = [&](std::uint64_t entries) {
      return map_bytes(is_hash, is_percpu, bpf_map__key_size(map), bpf_map__value_size(map),
                       entries, cpus);
    };
    if (is_scaled) {
      const std::uint64_t least = bytes(kFewestSeries + 1);
      memory.fixed += least;
      memory.scaled += std::max(bytes(wanted_series(*source, max_series) + 1U), least) - least;
    } else if (is_in_flight(plan, name)) {
      const std::uint32_t wanted = bpf_map__max_entries(map);
      const std::uint64_t least = bytes(std::min(wanted, kFewestInFlight));
      memory.fixed += least;
      memory.scaled += std::max(bytes(wanted), least) - least;
    } else {
      memory.fixed += bytes(bpf_map__max_entries(map));
    }
  }
  return memory;
}

}  // namespace kernstat::bpf
