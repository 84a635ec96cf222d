// SPDX-License-Identifier: Apache-2.0
// The configuration that a command line stands for.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "config/config.h"
#include "daemon/options.h"

namespace kernstat {

/// Why there is no configuration, in lines for a person, and with which code the daemon ends.
struct LoadFailure {
  std::string text;
  int exit_code = 2;
};

/// Reads the configuration, at start and at each reload. One thread.
class Loader {
 public:
  explicit Loader(CommandLine line) : line_(std::move(line)) {}

  /// Reads the file and the command line's own settings. Fails for a file that cannot be read (exit
  /// code 1) and for a configuration with problems (2). The BPF directories are read the first time
  /// only: what runs shares the tools' engine.
  tl::expected<LoadedConfig, LoadFailure> load();
  /// The file with every key and its default, tools of the BPF directory included, if there is one
  /// and BPF is not off.
  std::string reference();

  const CommandLine& line() const { return line_; }
  /// Whether the last load() read a file; without one the defaults apply.
  bool found_file() const { return found_file_; }
  /// What is wrong with the BPF directories; with single tools, too, when --check-config asks, else
  /// each broken one is a collector that fails.
  const Problems& tool_problems() const { return tool_problems_; }

 private:
  const std::vector<CollectorSpec>& tools(const BpfConfig& bpf);
  KnownSpecs known();

  CommandLine line_;
  bool found_file_ = false;
  std::optional<std::vector<CollectorSpec>> tools_;
  Problems tool_problems_;
};

}  // namespace kernstat
