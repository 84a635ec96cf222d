// SPDX-License-Identifier: Apache-2.0
#include "collectors/bpf/discover.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "collectors/bpf/map_scan.h"
#include "collectors/bpf/map_sizes.h"
#include "collectors/options.h"

namespace kernstat::bpf {
namespace {

constexpr std::string_view kYaml = ".yaml";

// Stands for a tool that cannot be used: says why, at its place in the list.
class BrokenTool final : public Collector {
 public:
  explicit BrokenTool(std::string why) : why_(std::move(why)) {}
  Result<void> read(const Tick&) override { return fail(ErrorKind::kInvalid, why_); }
  void publish() override {}
  void write(Families&, bool) const override {}

 private:
  std::string why_;
};

constexpr const char* kMaxSeries = "max_series";
constexpr double kMostSeries = 1'000'000;

std::vector<OptionSpec> options_of(const ToolFiles& files) {
  std::vector<OptionSpec> options;
  const auto holds_series = [](const Source& source) {
    return !source.is_records && !source.is_array;
  };
  if (std::any_of(files.plan.sources.begin(), files.plan.sources.end(), holds_series)) {
    options.push_back({kMaxSeries, OptionType::kNumber, "0",
                       "most series of each of its maps, what is beyond counts in `other`; "
                       "0: as its own files say"});
  }
  for (const auto& [name, value] : files.spec.parameters) {
    options.push_back(
        {name, OptionType::kNumber, std::to_string(value), "parameter of the BPF programs"});
  }
  return options;
}

CollectorSpec spec_of(const std::shared_ptr<const ToolFiles>& files,
                      const std::shared_ptr<Engine>& engine) {
  const ToolSpec& tool = files->spec;
  CollectorSpec spec;
  spec.name = tool.name;
  spec.help = tool.help;
  spec.interval = tool.interval;
  spec.enabled = tool.enabled;
  spec.since = tool.since;
  spec.lane = Lane::kBpf;
  spec.options = options_of(*files);
  const bool has_series = !spec.options.empty() && spec.options[0].key == kMaxSeries;
  const double budget = tool.budget > 0 ? tool.budget : engine->settings().budget;
  spec.make = [files, engine, budget, has_series](
                  const Host&, const Options& options) -> Result<std::unique_ptr<Collector>> {
    Parameters parameters;
    for (const auto& [name, value] : files->spec.parameters) {
      parameters.emplace_back(name, static_cast<std::int64_t>(options.number(name)));
    }
    const double series = has_series ? options.number(kMaxSeries) : 0;
    if (series < 0 || series > kMostSeries || series != std::floor(series)) {
      return fail(ErrorKind::kInvalid, "max_series must be a whole number up to 1000000");
    }
    return std::unique_ptr<Collector>(std::make_unique<Tool>(
        files, engine, std::move(parameters), budget, static_cast<std::uint32_t>(series)));
  };
  return spec;
}

CollectorSpec broken_spec(const std::string& name, const Problems& problems) {
  std::string why = problems.text();
  why.resize(why.find('\n'));
  CollectorSpec spec;
  spec.name = name;
  spec.help = "A BPF tool that cannot be used.";
  spec.lane = Lane::kBpf;
  spec.interval = std::chrono::milliseconds(60'000);
  spec.make = [why](const Host&, const Options&) -> Result<std::unique_ptr<Collector>> {
    return std::unique_ptr<Collector>(std::make_unique<BrokenTool>(why));
  };
  return spec;
}

struct Found {
  std::shared_ptr<const ToolFiles> files;  // null: broken
  Problems problems;
};
using FoundTools = std::map<std::string, Found>;

// Adds the tools of one directory; those of an earlier one with the same name make room.
void add_directory(const std::string& directory, bool must_be_there, FoundTools& found,
                   Problems& problems) {
  const auto names = list_directory(directory);
  if (!names) {
    if (names.error().kind != ErrorKind::kAbsent) {
      problems.add({directory, 0, 0, names.error().message});
    } else if (must_be_there) {
      problems.add({directory, 0, 0, "no such directory"});
    }
    return;
  }
  for (const std::string& file : *names) {
    if (!file.ends_with(kYaml)) continue;
    Found& tool = found[file.substr(0, file.size() - kYaml.size())];
    tool.problems = Problems();
    tool.files = read_tool(directory + "/" + file, tool.problems);
  }
}

}  // namespace

std::shared_ptr<const ToolFiles> read_tool(const std::string& yaml_path, Problems& problems) {
  const auto text = read_file(yaml_path, kMaxYamlBytes + 1);
  if (!text) {
    problems.add({yaml_path, 0, 0, text.error().message});
    return nullptr;
  }
  auto spec = parse_tool_spec(*text, yaml_path, problems);
  if (!spec) return nullptr;
  auto files = std::make_shared<ToolFiles>();
  files->object_path = yaml_path.substr(0, yaml_path.size() - kYaml.size()) + ".bpf.o";
  const auto object = Object::open(files->object_path);
  if (!object) {
    problems.add({files->object_path, 0, 0, object.error().message});
    return nullptr;
  }
  auto plan = make_plan(*spec, *object, problems);
  if (!plan) return nullptr;
  const auto hooks = make_hooks(*spec, *object);
  if (!hooks) {
    problems.add({yaml_path, 0, 0, hooks.error().message});
    return nullptr;
  }
  files->wanted_memory = wanted_memory(*object, *plan, possible_cpus());
  files->spec = *std::move(spec);
  files->plan = *std::move(plan);
  return files;
}

std::vector<CollectorSpec> discover_tools(const BpfConfig& bpf, EngineSettings settings,
                                          Broken broken, Problems& problems) {
  settings.memory_limit = bpf.memory_limit;
  settings.budget = bpf.budget;
  const auto engine = std::make_shared<Engine>(std::move(settings));
  FoundTools found;
  const auto directories = bpf.directories();
  for (const std::string& directory : directories) {
    const bool is_the_operators = directory != directories.front();
    add_directory(directory, is_the_operators, found, problems);
  }
  std::vector<CollectorSpec> specs;
  for (const auto& [name, tool] : found) {
    if (broken == Broken::kReport) {
      for (const Problem& problem : tool.problems.list()) problems.add(problem);
    }
    if (tool.files && tool.files->spec.enabled) engine->memory_add(tool.files->wanted_memory);
    specs.push_back(tool.files ? spec_of(tool.files, engine) : broken_spec(name, tool.problems));
  }
  return specs;
}

}  // namespace kernstat::bpf
