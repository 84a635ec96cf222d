// SPDX-License-Identifier: Apache-2.0
// What a tool's YAML says (bpf/README.md is the reference of its keys).
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "collectors/metrics.h"
#include "collectors/support/result.h"
#include "config/yaml.h"

namespace kernstat::bpf {

/// A `const volatile` global and its value.
using Parameters = std::vector<std::pair<std::string, std::int64_t>>;

/// One way to serve a hook: programs that are attached together.
struct AlternativeSpec {
  std::vector<std::string> programs;
  std::vector<std::string> conditions;  ///< all must hold (KernelBtf::holds)
  Parameters parameters;
};

/// A hook of the tool: the first alternative that loads and attaches serves it.
struct HookSpec {
  std::string name;
  bool required = true;
  std::string when;                 ///< global variable that must be other than 0; empty: at once
  std::vector<std::string> serves;  ///< families; empty: all
  std::vector<AlternativeSpec> alternatives;
};

/// Where a program attaches, beyond what its section says.
struct ProgramSpec {
  std::string name;
  std::string library;  // uprobes: a soname or a path
  std::string symbol;
  std::string perf_event;  // cpu_clock or task_clock
  std::uint32_t frequency = 49;
  std::string cgroup;           // path below the cgroup v2 mount
  bool all_namespaces = false;  // iterators
};

struct MapSpec {
  std::string name;
  std::uint32_t max_series = 0;        ///< 0: as in C
  std::chrono::milliseconds idle{0};   ///< 0: never
  std::optional<bool> zero;            ///< all combinations exist as 0
  std::chrono::milliseconds sweep{0};  ///< > 0: things in flight
  std::string filled_by;               ///< iterator program
};

enum class Unit : std::uint8_t {
  kNone,
  kNanoseconds,
  kMicroseconds,
  kMilliseconds,
  kBytes,
  kPages
};

struct MetricSpec {
  std::string name;
  std::string help;
  MetricType type = MetricType::kCounter;
  bool type_given = false;
  std::string map;  ///< or records
  std::string records;
  std::string member;
  Unit unit = Unit::kNone;
  std::string key;  ///< label of a scalar key
  std::vector<std::pair<std::string, std::string>> set;
  std::vector<std::pair<std::string, std::string>> labels;  ///< member, label
  std::optional<std::vector<std::string>> by;
};

struct ToolSpec {
  std::string name;  ///< stem of the file
  std::string path;
  std::string help;
  bool enabled = false;
  std::string since;  ///< oldest kernel that it was seen to work on, "5.10"; empty: nobody tried
  std::chrono::milliseconds interval{2000};
  double budget = 0;  ///< share of one CPU; 0: the engine's default
  std::vector<std::string> needs;
  Parameters parameters;
  std::vector<HookSpec> hooks;  ///< empty: every program, twins as alternatives
  std::vector<ProgramSpec> programs;
  std::vector<MapSpec> maps;
  std::vector<MetricSpec> metrics;

  const ProgramSpec* program(std::string_view program_name) const;
  const MapSpec* map(std::string_view map_name) const;
};

/// Reads a tool's YAML. `text` is the file's contents, `path` its name for messages. Every mistake
/// that can be seen without the object is reported; nothing is returned then.
std::optional<ToolSpec> parse_tool_spec(std::string_view text, const std::string& path,
                                        Problems& problems);

}  // namespace kernstat::bpf
