// SPDX-License-Identifier: Apache-2.0
// Every tool of the build: its object opens, and its YAML, maps, keys and names agree. Needs no
// privilege.
#include <elf.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstring>
#include <map>
#include <set>
#include <string>

#include "collectors/bpf/discover.h"
#include "collectors/bpf/hooks.h"
#include "collectors/bpf/map_sizes.h"
#include "collectors/collector.h"
#include "collectors/support/host.h"

using namespace kernstat;
using namespace kernstat::bpf;

namespace {

const std::string kDirectory = std::string(KERNSTAT_BUILD) + "/bpf";

std::vector<std::string> stems(const std::string& suffix) {
  std::vector<std::string> result;
  const auto names = list_directory(kDirectory);
  REQUIRE(names);
  for (const std::string& name : *names) {
    if (name.ends_with(suffix)) result.push_back(name.substr(0, name.size() - suffix.size()));
  }
  return result;
}

// The bytes of an ELF section; empty when there is none.
std::string section(const std::string& file, const char* wanted) {
  Elf64_Ehdr header{};
  if (file.size() < sizeof header) return {};
  std::memcpy(&header, file.data(), sizeof header);
  const auto at = [&](std::size_t index) {
    Elf64_Shdr result{};
    const std::size_t offset = header.e_shoff + index * sizeof result;
    if (offset + sizeof result <= file.size()) {
      std::memcpy(&result, file.data() + offset, sizeof result);
    }
    return result;
  };
  const Elf64_Shdr names = at(header.e_shstrndx);
  for (std::size_t i = 0; i < header.e_shnum; ++i) {
    const Elf64_Shdr each = at(i);
    if (std::strcmp(file.c_str() + names.sh_offset + each.sh_name, wanted) != 0) continue;
    return file.substr(each.sh_offset, each.sh_size);
  }
  return {};
}

}  // namespace

TEST_CASE("every tool has both files") {
  const auto yaml = stems(".yaml");
  CHECK(yaml == stems(".bpf.o"));
  CHECK(yaml.size() >= 3);
}

TEST_CASE("YAML and object of every tool agree") {
  for (const std::string& tool : stems(".yaml")) {
    CAPTURE(tool);
    Problems problems;
    const auto files = read_tool(kDirectory + "/" + tool + ".yaml", problems);
    CHECK(problems.text() == "");
    REQUIRE(files);
    CHECK(files->spec.name == tool);
    for (const PlannedMetric& metric : files->plan.metrics) {
      CAPTURE(metric.name);
      CHECK(metric.name.starts_with("kernstat_"));
    }
  }
}

TEST_CASE("no tool has the name of a collector, for both say kernstat_collector_state") {
  for (const std::string& tool : stems(".yaml")) {
    CAPTURE(tool);
    const auto& collectors = registered_collectors();
    CHECK(std::none_of(collectors.begin(), collectors.end(),
                       [&](const CollectorSpec& spec) { return spec.name == tool; }));
  }
}

TEST_CASE("every object may use the helpers that want the GPL") {
  for (const std::string& tool : stems(".bpf.o")) {
    CAPTURE(tool);
    const auto file = read_file(kDirectory + "/" + tool + ".bpf.o");
    REQUIRE(file);
    CHECK(std::string(section(*file, "license").c_str()) == "Dual BSD/GPL");
  }
}

TEST_CASE("every program is counted and timed") {
  for (const std::string& tool : stems(".bpf.o")) {
    const auto object = Object::open(kDirectory + "/" + tool + ".bpf.o");
    REQUIRE(object);
    CHECK(object->map("ks_costs") != nullptr);
    for (const std::string& program : object->programs()) {
      CAPTURE(tool, program);
      CHECK(object->has_parameter("ks_slot_" + program));
    }
  }
}

TEST_CASE("every program serves a hook") {
  for (const std::string& tool : stems(".yaml")) {
    Problems problems;
    const auto files = read_tool(kDirectory + "/" + tool + ".yaml", problems);
    REQUIRE(files);
    const auto object = Object::open(files->object_path);
    REQUIRE(object);
    const auto hooks = make_hooks(files->spec, *object);
    REQUIRE(hooks);
    std::set<std::string> used;
    for (const Hook& hook : *hooks) {
      for (const AlternativeSpec& alternative : hook.alternatives) {
        used.insert(alternative.programs.begin(), alternative.programs.end());
      }
    }
    for (const std::string& program : object->programs()) {
      CAPTURE(tool, program);
      CHECK(used.contains(program));
    }
  }
}

TEST_CASE("what is on by default works without perf_event_open") {
  for (const std::string& tool : stems(".yaml")) {
    Problems problems;
    const auto files = read_tool(kDirectory + "/" + tool + ".yaml", problems);
    REQUIRE(files);
    if (!files->spec.enabled) continue;
    const auto object = Object::open(files->object_path);
    REQUIRE(object);
    const auto hooks = make_hooks(files->spec, *object);
    REQUIRE(hooks);
    for (const Hook& hook : *hooks) {
      if (!hook.spec.required) continue;
      CAPTURE(tool, hook.spec.name);
      const auto is_free = [&](const AlternativeSpec& alternative) {
        return std::none_of(alternative.programs.begin(), alternative.programs.end(),
                            [&](const std::string& program) {
                              const std::string kind = hook_kind(object->section(program));
                              return kind == "tracepoint" || kind == "kprobe" || kind == "uprobe" ||
                                     kind == "perf_event";
                            });
      };
      CHECK(std::any_of(hook.alternatives.begin(), hook.alternatives.end(), is_free));
    }
  }
}

TEST_CASE("a family of several tools has one type and one help") {
  std::map<std::string, std::pair<MetricType, std::string>> families;
  for (const std::string& tool : stems(".yaml")) {
    Problems problems;
    const auto files = read_tool(kDirectory + "/" + tool + ".yaml", problems);
    REQUIRE(files);
    for (const PlannedMetric& metric : files->plan.metrics) {
      CAPTURE(tool, metric.name);
      const auto known = families.try_emplace(metric.name, metric.type, metric.help).first;
      CHECK(known->second.first == metric.type);
      CHECK(known->second.second == metric.help);
    }
  }
}

TEST_CASE("all maps of the default tools fit the default limit, on 128 CPUs too") {
  for (const std::size_t cpus : {std::size_t{2}, std::size_t{128}}) {
    CAPTURE(cpus);
    Engine engine({});
    MapMemory all;
    for (const std::string& tool : stems(".yaml")) {
      Problems problems;
      const auto files = read_tool(kDirectory + "/" + tool + ".yaml", problems);
      REQUIRE(files);
      if (!files->spec.enabled) continue;
      const auto object = Object::open(files->object_path);
      REQUIRE(object);
      const MapMemory memory = wanted_memory(*object, files->plan, cpus);
      CAPTURE(tool, memory.fixed, memory.scaled);
      engine.memory_add(memory);
      all.fixed += memory.fixed;
      all.scaled += memory.scaled;
    }
    const double scale = engine.memory_scale();
    CAPTURE(all.fixed, all.scaled, scale);
    CHECK(static_cast<double>(all.fixed) + scale * static_cast<double>(all.scaled) <=
          static_cast<double>(BpfConfig{}.memory_limit));
    CHECK((cpus > 2 || scale == 1));
    // Enough is left for what a host has many of: devices, states, operations.
    CHECK(scaled_series(64, scale) >= 16);
  }
}
