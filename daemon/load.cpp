// SPDX-License-Identifier: Apache-2.0
#include "daemon/load.h"

#include "collectors/bpf/discover.h"
#include "collectors/support/host.h"
#include "daemon/log.h"

namespace kernstat {

KnownSpecs known_specs(const CommandLine& line) {
  bpf::EngineSettings settings;
  settings.host = line.host;
  settings.btf_path = line.btf_path;
  settings.debug = [](std::string_view tool, std::string_view log) {
    log_debug("a BPF program did not load", {{"tool", tool}, {"log", log}});
  };
  // A broken tool must not keep the daemon from starting; who asks for a check is told.
  const bpf::Broken broken =
      line.command == Command::kCheckConfig ? bpf::Broken::kReport : bpf::Broken::kStand;
  return {registered_collectors(), [settings, broken](const BpfConfig& config, Problems& problems) {
            return bpf::discover_tools(config, settings, broken, problems);
          }};
}

tl::expected<LoadedConfig, LoadFailure> load(const CommandLine& line) {
  std::string text;
  auto file = read_file(line.config_file, kMaxYamlBytes + 1);
  if (file) {
    text = std::move(*file);
  } else if (line.config_file_given || file.error().kind != ErrorKind::kAbsent) {
    return tl::unexpected(LoadFailure{file.error().message + "\n", 1});
  }
  Problems problems;
  auto loaded = load_config(text, line.config_file, known_specs(line), line.overrides, problems);
  if (!loaded) return tl::unexpected(LoadFailure{problems.text(), 2});
  return std::move(*loaded);
}

}  // namespace kernstat
