// SPDX-License-Identifier: Apache-2.0
#include <bpf/libbpf.h>

#include <algorithm>
#include <utility>

#include "collectors/bpf/tool_live.h"
#include "collectors/support/labels.h"

namespace kernstat::bpf {
namespace {

const std::vector<std::string> kNoPrograms;

}  // namespace

std::uint64_t bytes_of(const bpf_map* map) {
  const bpf_map_type type = bpf_map__type(map);
  const bool is_hash = type == BPF_MAP_TYPE_HASH || type == BPF_MAP_TYPE_PERCPU_HASH;
  const bool is_percpu = type == BPF_MAP_TYPE_PERCPU_HASH || type == BPF_MAP_TYPE_PERCPU_ARRAY;
  return map_bytes(is_hash, is_percpu, bpf_map__key_size(map), bpf_map__value_size(map),
                   bpf_map__max_entries(map), possible_cpus());
}

void Tool::describe() {
  const std::string& name = files_->spec.name;
  ToolStatus status;
  status.labels = Labels("tool", name).text();
  status.budget = budget_.share();
  status.shed = shed_count_;
  status.is_shed = is_shed_;
  status.load_seconds = load_seconds_;
  std::vector<std::string> families;
  for (const PlannedMetric& metric : files_->plan.metrics) {
    const bool known = std::find(families.begin(), families.end(), metric.name) != families.end();
    if (!known) families.push_back(metric.name);
  }
  const std::vector<Hook>& hooks = live_ ? live_->tool->hooks : failed_hooks_;
  const Object* object = live_ ? &live_->tool->object : nullptr;
  for (const Hook& hook : hooks) describe_hook(files_->spec, hook, object, families, status);
  if (live_) {
    const auto add_map = [&](const std::string& map) {
      status.maps.emplace_back().labels = Labels("tool", name).add("map", map).text();
    };
    for (const auto& state : live_->sources) {
      if (!state->scan) continue;
      add_map(state->source->name);
      status.maps.back().fills = !state->scan->is_array();
    }
    for (const auto& state : live_->in_flight) add_map(state->map->name);
    for (const auto& [reason, variable] : live_->lost) {
      status.lost.push_back({Labels("tool", name).add("reason", reason).text(), 0});
    }
    for (const std::string& program : live_->costs ? live_->tool->programs : kNoPrograms) {
      status.programs.push_back({Labels("tool", name).add("program", program).text(), 0, 0, {}});
    }
  }
  {
    const std::lock_guard lock(status_mutex_);
    status_ = std::move(status);
  }
  count();
}

// The numbers of the status, in the order of describe(). Allocates nothing.
void Tool::count() {
  if (!live_) return;
  const std::lock_guard lock(status_mutex_);
  const Object& object = live_->tool->object;
  const auto full = [&](const auto& state) {
    return state->full ? object.variable_at(*state->full) : 0;
  };
  auto map = status_.maps.begin();
  for (const auto& state : live_->sources) {
    if (!state->scan) continue;
    map->entries = state->rows.count;
    map->capacity = state->scan->capacity();
    map->bytes = state->bytes;
    map->full = full(state);
    map->aged = state->book->aged();
    ++map;
  }
  for (const auto& state : live_->in_flight) {
    map->entries = state->rows.count;
    map->capacity = state->scan.capacity();
    map->bytes = state->bytes;
    map->full = full(state);
    map->swept = state->swept;
    ++map;
  }
  for (std::size_t i = 0; i < status_.lost.size(); ++i) {
    status_.lost[i].count = object.variable_at(live_->lost[i].second);
  }
  for (std::size_t i = 0; i < status_.programs.size(); ++i) {
    const ProgramCost& cost = live_->costs->programs()[i];
    status_.programs[i].runs = cost.runs;
    status_.programs[i].seconds = cost.seconds;
    status_.programs[i].misses = program_misses(live_->program_descriptors[i]);
  }
}

}  // namespace kernstat::bpf
