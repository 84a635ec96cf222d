// SPDX-License-Identifier: Apache-2.0
#include "daemon/load.h"

#include <algorithm>
#include <filesystem>

#include "collectors/bpf/discover.h"
#include "collectors/support/host.h"
#include "daemon/log.h"

namespace kernstat {
namespace {

// A name stands for one thing: in the configuration, in collect[] and in the label `collector`.
void drop_namesakes(const BpfConfig& bpf, std::vector<CollectorSpec>& tools, Problems& problems) {
  // The last directory that has a tool of a name is the one that it is from.
  const auto file_of = [&](const std::string& tool) {
    std::string found;
    std::error_code ignored;
    for (const std::string& directory : bpf.directories()) {
      const std::string file = directory + "/" + tool + ".yaml";
      if (std::filesystem::exists(file, ignored)) found = file;
    }
    return found;
  };
  const auto& others = registered_collectors();
  std::erase_if(tools, [&](const CollectorSpec& tool) {
    const bool taken = std::any_of(others.begin(), others.end(),
                                   [&](const CollectorSpec& one) { return one.name == tool.name; });
    if (taken) problems.add({file_of(tool.name), 0, 0, tool.name + ": a collector has this name"});
    return taken;
  });
}

}  // namespace

const std::vector<CollectorSpec>& Loader::tools(const BpfConfig& bpf) {
  if (!tools_) {
    bpf::EngineSettings settings;
    settings.host = line_.host;
    settings.btf_path = line_.btf_path;
    settings.debug = [](std::string_view tool, std::string_view log) {
      log_debug("BPF program not loaded", {{"tool", tool}, {"log", log}});
    };
    // A broken tool must not keep the daemon from starting; who asks for a check is told.
    const bpf::Broken broken =
        line_.command == Command::kCheckConfig ? bpf::Broken::kReport : bpf::Broken::kStand;
    tools_ = bpf::discover_tools(bpf, std::move(settings), broken, tool_problems_);
    drop_namesakes(bpf, *tools_, tool_problems_);
  }
  return *tools_;
}

KnownSpecs Loader::known() {
  return {registered_collectors(), [this](const BpfConfig& bpf) { return tools(bpf); }};
}

std::string Loader::reference() {
  if (line_.overrides.bpf_enabled == false) return reference_config(registered_collectors(), {});
  BpfConfig bpf;
  bpf.dir = line_.overrides.shipped_dir;
  bpf.more_dirs = line_.overrides.bpf_dirs;
  return reference_config(registered_collectors(), tools(bpf));
}

tl::expected<LoadedConfig, LoadFailure> Loader::load() {
  std::string text;
  auto file = read_file(line_.config_file, kMaxYamlBytes + 1);
  found_file_ = file.has_value();
  if (file) {
    text = std::move(*file);
  } else if (line_.config_file_given || file.error().kind != ErrorKind::kAbsent) {
    return tl::unexpected(LoadFailure{file.error().message + "\n", 1});
  }
  Problems problems;
  auto loaded = load_config(text, line_.config_file, known(), line_.overrides, problems);
  if (!loaded) return tl::unexpected(LoadFailure{problems.text(), 2});
  return std::move(*loaded);
}

}  // namespace kernstat
