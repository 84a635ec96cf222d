// SPDX-License-Identifier: Apache-2.0
#include "collectors/bpf/parameters.h"

#include <ctime>
#include <string_view>

namespace kernstat::bpf {
namespace {

Result<void> set_nesting(Object& object, Engine& engine) {
  constexpr std::string_view kParameter = "ks_no_nesting";
  if (!object.has_parameter(kParameter) || !engine.never_nests_programs()) return {};
  return object.set_parameter(kParameter, 1);
}

// The place of the workload's controller in css_set->subsys[], when v1 names workloads.
Result<void> set_cgroup_hierarchy(Object& object, Engine& engine) {
  constexpr std::string_view kParameter = "ks_cgroup_subsys";
  const std::string& controller = engine.names().cgroup_controller();
  if (!object.has_parameter(kParameter) || controller.empty()) return {};
  const KernelBtf* kernel = engine.kernel();
  if (kernel == nullptr) return {};
  for (const auto& [value, name] : kernel->enum_values("cgroup_subsys_id")) {
    if (name == controller + "_cgrp_id") return object.set_parameter(kParameter, value);
  }
  return {};
}

Result<void> set_jiffy(Object& object) {
  constexpr std::string_view kParameter = "ks_ns_per_jiffy";
  timespec tick{};
  if (!object.has_parameter(kParameter)) return {};
  if (::clock_getres(CLOCK_MONOTONIC_COARSE, &tick) != 0) return fail_errno("clock_getres");
  return object.set_parameter(kParameter, tick.tv_nsec);
}

}  // namespace

Result<void> set_parameters(Object& object, const ToolSpec& spec, const Parameters& parameters,
                            const std::vector<Hook>& hooks, Engine& engine) {
  std::vector<const Parameters*> all{&spec.parameters, &parameters};
  for (const Hook& hook : hooks) {
    if (hook.available()) all.push_back(&hook.alternative().parameters);
  }
  for (const Parameters* each : all) {
    for (const auto& [name, value] : *each) {
      const auto set = object.set_parameter(name, value);
      if (!set) return set;
    }
  }
  auto set = set_nesting(object, engine);
  if (set) set = set_jiffy(object);
  return set ? set_cgroup_hierarchy(object, engine) : set;
}

Result<void> set_slots(Object& object, const std::vector<std::string>& programs) {
  for (std::size_t i = 0; i < programs.size(); ++i) {
    const std::string slot = "ks_slot_" + programs[i];
    if (!object.has_parameter(slot)) continue;
    const auto set = object.set_parameter(slot, static_cast<std::int64_t>(i));
    if (!set) return set;
  }
  return {};
}

}  // namespace kernstat::bpf
