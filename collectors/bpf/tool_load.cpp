// SPDX-License-Identifier: Apache-2.0
#include <bpf/libbpf.h>

#include <chrono>
#include <utility>

#include "collectors/bpf/map_sizes.h"
#include "collectors/bpf/privilege.h"
#include "collectors/bpf/tool_live.h"

namespace kernstat::bpf {
namespace {

// A kernel enum's names, from the BTF of the running kernel.
void name_kernel_enums(KeyLayout& key, Engine& engine) {
  for (Column& column : key.columns) {
    if (column.kernel_enum.empty()) continue;
    const KernelBtf* kernel = engine.kernel();
    if (kernel == nullptr) continue;
    column.table = label_table(column.kernel_enum, kernel->enum_values(column.kernel_enum));
  }
}

}  // namespace

MapMemory memory_of(const ToolFiles& files, std::uint32_t max_series) {
  if (max_series == 0) return files.wanted_memory;
  const auto object = Object::open(files.object_path);
  if (!object) return files.wanted_memory;
  return wanted_memory(*object, files.plan, possible_cpus(), max_series);
}

Result<void> Tool::load(std::int64_t now_ns) {
  for (const std::string& need : files_->spec.needs) {
    const int capability = capability_number(need);
    if (capability >= 0 && !has_capability(capability)) {
      return fail(ErrorKind::kDenied, "needs " + need);
    }
  }
  const auto begin = std::chrono::steady_clock::now();
  auto loaded = load_tool(files_->spec, files_->plan, files_->object_path, parameters_, max_series_,
                          *engine_, failed_hooks_);
  if (!loaded) return fail(loaded.error());
  auto live = std::make_unique<Live>();
  live->tool = *std::move(loaded);
  const Object& object = live->tool->object;
  for (const Source& source : files_->plan.sources) {
    auto state = std::make_unique<SourceState>();
    state->source = &source;
    state->key = source.key;
    name_kernel_enums(state->key, *engine_);
    if (!source.is_records) {
      state->scan.emplace(object.map(source.name));
      state->bytes = bytes_of(object.map(source.name));
      state->full = object.find_variable("ks_full_" + source.name);
    }
    if (!source.iterator.empty()) state->first_keys = first_keys(source);
    const bool ages = source.iterator.empty() && !source.is_array;
    state->book = std::make_unique<SeriesBook>(
        state->key, source.views, SeriesBook::Options{source.idle.count() * 1'000'000, ages});
    if (source.zero) {
      for (const auto& key : known_keys(source.key)) state->book->pin(key);
    }
    live->sources.push_back(std::move(state));
  }
  for (const InFlightMap& map : files_->plan.in_flight) {
    live->in_flight.push_back(std::make_unique<InFlightState>(
        InFlightState{&map,
                      MapScan(object.map(map.name)),
                      {},
                      now_ns,
                      0,
                      bytes_of(object.map(map.name)),
                      object.find_variable("ks_full_" + map.name)}));
  }
  if (const bpf_map* costs = object.map("ks_costs")) {
    live->cost_scan.emplace(costs);
    live->costs.emplace(live->tool->programs);
    for (const std::string& program : live->tool->programs) {
      live->program_descriptors.push_back(bpf_program__fd(object.program(program)));
    }
  }
  for (const std::string& reason : object.variables("ks_lost_")) {
    live->lost.emplace_back(reason, *object.find_variable("ks_lost_" + reason));
  }
  live_ = std::move(live);
  load_seconds_ = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  return {};
}

}  // namespace kernstat::bpf
