// SPDX-License-Identifier: Apache-2.0
#include <bpf/libbpf.h>

#include <algorithm>
#include <utility>

#include "collectors/bpf/tool_live.h"
#include "collectors/support/labels.h"

namespace kernstat::bpf {

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
    for (const auto& state : live_->sources) {
      if (!state->scan) continue;
      MapStatus map;
      map.labels = Labels("tool", name).add("map", state->source->name).text();
      map.entries = state->rows.count;
      map.capacity = state->scan->capacity();
      map.bytes = state->bytes;
      map.full = object->variable("ks_full_" + state->source->name);
      map.aged = state->book->aged();
      status.maps.push_back(std::move(map));
    }
    for (const auto& state : live_->in_flight) {
      MapStatus map;
      map.labels = Labels("tool", name).add("map", state->map->name).text();
      map.entries = state->rows.count;
      map.capacity = state->scan.capacity();
      map.bytes = bytes_of(object->map(state->map->name));
      map.full = object->variable("ks_full_" + state->map->name);
      map.swept = state->swept;
      status.maps.push_back(std::move(map));
    }
    for (const std::string& reason : live_->lost) {
      status.lost.push_back({Labels("tool", name).add("reason", reason).text(),
                             object->variable("ks_lost_" + reason)});
    }
    if (live_->costs) {
      for (const ProgramCost& cost : live_->costs->programs()) {
        status.programs.push_back(
            {Labels("tool", name).add("program", cost.program).text(), cost.runs, cost.seconds});
      }
    }
  }
  const std::lock_guard lock(status_mutex_);
  status_ = std::move(status);
}

}  // namespace kernstat::bpf
