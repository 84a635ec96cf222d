// SPDX-License-Identifier: Apache-2.0
#include "daemon/load.h"

#include "collectors/support/host.h"

namespace kernstat {

KnownSpecs known_specs(const CommandLine& line) {
  static_cast<void>(line);
  return {registered_collectors(), {}};
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
