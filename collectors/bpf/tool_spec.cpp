// SPDX-License-Identifier: Apache-2.0
#include "collectors/bpf/tool_spec.h"

#include <algorithm>
#include <array>

#include "collectors/bpf/kernel_btf.h"
#include "collectors/bpf/metric_names.h"
#include "collectors/support/text.h"
#include "config/map_reader.h"

namespace kernstat::bpf {
namespace {

std::string stem(const std::string& path) {
  const auto slash = path.rfind('/');
  std::string name = slash == std::string::npos ? path : path.substr(slash + 1);
  return name.substr(0, name.find('.'));
}

// A number, true or false.
std::optional<std::int64_t> parameter(const YamlNode& node) {
  if (node.kind != YamlNode::Kind::kScalar) return std::nullopt;
  if (node.text == "true") return 1;
  if (node.text == "false") return 0;
  return to_number<std::int64_t>(node.text);
}

void read_parameters(const YamlNode* node, MapReader& parent, std::string_view key,
                     Parameters& into) {
  if (node == nullptr) return;
  MapReader reader(*node, parent.file(), parent.path(key), parent.problems());
  for (const auto& [name, value] : reader.entries()) {
    const auto number = parameter(value);
    if (number) {
      into.emplace_back(name.text, *number);
    } else {
      reader.problem_at(value, "expected a whole number, true or false, got " + describe(value));
    }
  }
}

void read_pairs(const YamlNode* node, MapReader& parent, std::string_view key,
                std::vector<std::pair<std::string, std::string>>& into) {
  if (node == nullptr) return;
  MapReader reader(*node, parent.file(), parent.path(key), parent.problems());
  for (const auto& [name, value] : reader.entries()) {
    if (value.kind == YamlNode::Kind::kScalar) {
      into.emplace_back(name.text, value.text);
    } else {
      reader.problem_at(value, "expected a text, got " + describe(value));
    }
  }
}

// on_complete, [on_begin, on_end] or a map with `programs`.
void read_alternative(const YamlNode& node, MapReader& parent, HookSpec& hook) {
  AlternativeSpec alternative;
  if (node.kind == YamlNode::Kind::kScalar) {
    alternative.programs.push_back(node.text);
  } else if (node.kind == YamlNode::Kind::kList) {
    for (const YamlNode& item : node.items) alternative.programs.push_back(item.text);
  } else {
    MapReader reader(node, parent.file(), parent.path("alternatives"), parent.problems());
    reader.read("programs", alternative.programs);
    reader.read("requires", alternative.conditions);
    read_parameters(reader.child("params"), reader, "params", alternative.parameters);
    for (const std::string& condition : alternative.conditions) {
      const auto good = check_condition(condition);
      if (!good) reader.problem("requires", good.error().message);
    }
  }
  if (alternative.programs.empty()) parent.problem_at(node, "an alternative names programs");
  hook.alternatives.push_back(std::move(alternative));
}

void read_hook(const YamlNode& node, MapReader& parent, ToolSpec& tool) {
  HookSpec hook;
  MapReader reader(node, parent.file(), "hooks", parent.problems());
  reader.read("name", hook.name);
  reader.read("required", hook.required);
  reader.read("when", hook.when);
  reader.read("serves", hook.serves);
  for (const YamlNode& item : reader.items("alternatives")) read_alternative(item, reader, hook);
  if (hook.name.empty()) reader.problem("name", "a hook has a name");
  if (hook.alternatives.empty()) reader.problem("alternatives", "a hook has alternatives");
  tool.hooks.push_back(std::move(hook));
}

void read_program(const std::string& name, const YamlNode& node, MapReader& parent,
                  ToolSpec& tool) {
  ProgramSpec program;
  program.name = name;
  MapReader reader(node, parent.file(), parent.path(name), parent.problems());
  reader.read("library", program.library);
  reader.read("symbol", program.symbol);
  std::size_t choice = 0;
  if (reader.read_choice("perf_event", {"cpu_clock", "task_clock"}, choice)) {
    program.perf_event = choice == 0 ? "cpu_clock" : "task_clock";
  }
  reader.read("frequency", program.frequency, std::uint32_t{1}, std::uint32_t{999});
  reader.read("cgroup", program.cgroup);
  if (reader.read_choice("iterator", {"own", "namespaces"}, choice)) {
    program.all_namespaces = choice == 1;
  }
  if (program.library.empty() != program.symbol.empty()) {
    reader.problem("", "library and symbol belong together");
  }
  tool.programs.push_back(std::move(program));
}

void read_map(const std::string& name, const YamlNode& node, MapReader& parent, ToolSpec& tool) {
  MapSpec map;
  map.name = name;
  MapReader reader(node, parent.file(), parent.path(name), parent.problems());
  reader.read("max_series", map.max_series, std::uint32_t{1}, std::uint32_t{1} << 20);
  reader.read("idle", map.idle);
  bool zero = false;
  if (reader.read("zero", zero)) map.zero = zero;
  reader.read("sweep", map.sweep);
  reader.read("filled_by", map.filled_by);
  tool.maps.push_back(std::move(map));
}

void read_unit(MapReader& reader, MetricSpec& metric) {
  std::size_t choice = 0;
  if (!reader.read_choice("unit", {"ns", "us", "ms", "bytes", "pages"}, choice)) return;
  constexpr std::array kUnits{Unit::kNanoseconds, Unit::kMicroseconds, Unit::kMilliseconds,
                              Unit::kBytes, Unit::kPages};
  metric.unit = kUnits[choice];
}

void read_type(MapReader& reader, MetricSpec& metric) {
  std::size_t choice = 0;
  metric.type_given = reader.read_choice("type", {"counter", "gauge", "histogram"}, choice);
  constexpr std::array kTypes{MetricType::kCounter, MetricType::kGauge, MetricType::kHistogram};
  if (metric.type_given) metric.type = kTypes[choice];
}

void check_labels(MapReader& reader, const MetricSpec& metric) {
  for (const auto& [name, value] : metric.set) {
    if (!is_label_name(name)) reader.problem("set", "'" + name + "' is no label name");
  }
  for (const auto& [member, label] : metric.labels) {
    if (!is_label_name(label)) reader.problem("labels", "'" + label + "' is no label name");
  }
  if (!metric.key.empty() && !is_label_name(metric.key)) {
    reader.problem("key", "'" + metric.key + "' is no label name");
  }
}

void read_metric(const YamlNode& node, MapReader& parent, ToolSpec& tool) {
  MetricSpec metric;
  MapReader reader(node, parent.file(), "metrics", parent.problems());
  reader.read("name", metric.name);
  reader.read("help", metric.help);
  read_type(reader, metric);
  reader.read("map", metric.map);
  reader.read("records", metric.records);
  reader.read("member", metric.member);
  read_unit(reader, metric);
  reader.read("key", metric.key);
  read_pairs(reader.child("set"), reader, "set", metric.set);
  read_pairs(reader.child("labels"), reader, "labels", metric.labels);
  std::vector<std::string> by;
  if (reader.read("by", by)) metric.by = std::move(by);
  if (!is_metric_name(metric.name)) {
    reader.problem("name", "'" + metric.name + "' is no metric name, such as kernstat_x_seconds");
  }
  if (metric.map.empty() == metric.records.empty()) {
    reader.problem("map", "a metric comes from either a map or records");
  }
  check_labels(reader, metric);
  // The help of a family stands at its first metric.
  const auto first = std::find_if(tool.metrics.begin(), tool.metrics.end(),
                                  [&](const MetricSpec& m) { return m.name == metric.name; });
  if (first == tool.metrics.end()) {
    const auto good = check_help(metric.help);
    if (!good) reader.problem("help", good.error().message);
  } else if (metric.help.empty()) {
    metric.help = first->help;
  } else if (metric.help != first->help) {
    reader.problem("help", "family " + metric.name + " has another help above");
  }
  tool.metrics.push_back(std::move(metric));
}

// Two numbers with a dot.
bool is_kernel_version(std::string_view text) {
  const auto dot = text.find('.');
  if (dot == 0 || dot == std::string_view::npos || dot + 1 == text.size()) return false;
  return std::count(text.begin(), text.end(), '.') == 1 &&
         text.find_first_not_of("0123456789.") == std::string_view::npos;
}

void read_named(MapReader& parent, std::string_view key, ToolSpec& tool,
                void (*read)(const std::string&, const YamlNode&, MapReader&, ToolSpec&)) {
  const YamlNode* node = parent.child(key);
  if (node == nullptr) return;
  MapReader reader(*node, parent.file(), std::string(key), parent.problems());
  for (const auto& [name, value] : reader.entries()) read(name.text, value, reader, tool);
}

}  // namespace

const ProgramSpec* ToolSpec::program(std::string_view program_name) const {
  const auto found = std::find_if(programs.begin(), programs.end(),
                                  [&](const ProgramSpec& p) { return p.name == program_name; });
  return found == programs.end() ? nullptr : &*found;
}

const MapSpec* ToolSpec::map(std::string_view map_name) const {
  const auto found =
      std::find_if(maps.begin(), maps.end(), [&](const MapSpec& m) { return m.name == map_name; });
  return found == maps.end() ? nullptr : &*found;
}

std::optional<ToolSpec> parse_tool_spec(std::string_view text, const std::string& path,
                                        Problems& problems) {
  const std::size_t before = problems.size();
  const auto document = parse_yaml(text, path, problems);
  if (!document) return std::nullopt;
  ToolSpec tool;
  tool.name = stem(path);
  tool.path = path;
  {
    MapReader reader(*document, path, "", problems);
    reader.read("help", tool.help);
    const auto good = check_help(tool.help);
    if (!good) reader.problem("help", good.error().message);
    reader.read("enabled", tool.enabled);
    reader.read("since", tool.since);
    if (!tool.since.empty() && !is_kernel_version(tool.since)) {
      reader.problem("since", "expected a kernel's version, such as 5.10");
    }
    reader.read("interval", tool.interval);
    reader.read("budget", tool.budget);
    reader.read("needs", tool.needs);
    read_parameters(reader.child("params"), reader, "params", tool.parameters);
    for (const YamlNode& item : reader.items("hooks")) read_hook(item, reader, tool);
    read_named(reader, "programs", tool, read_program);
    read_named(reader, "maps", tool, read_map);
    for (const YamlNode& item : reader.items("metrics")) read_metric(item, reader, tool);
    if (tool.metrics.empty()) reader.problem("metrics", "a tool has metrics");
  }
  if (problems.size() != before) return std::nullopt;
  return tool;
}

}  // namespace kernstat::bpf
