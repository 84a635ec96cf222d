// SPDX-License-Identifier: Apache-2.0
// The command line.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "collectors/support/host.h"
#include "config/config.h"

namespace kernstat {

enum class Command : std::uint8_t { kRun, kOnce, kCheckConfig, kDefaultConfig, kList };

/// What the command line asks for.
struct CommandLine {
  Command command = Command::kRun;
  std::string config_file = "/etc/kernstat/kernstatd.yaml";
  bool config_file_given = false;  ///< else a missing file means all defaults
  std::string btf_path;            ///< empty: the running kernel's
  Host host;
  ConfigOverrides overrides;
};

/// Where the tools are that belong to the daemon `executable`: in bpf beside it (a build tree),
/// else in ../lib/kernstat/bpf from there (an installation). Without either, or when `executable`
/// is empty, where the package puts them.
std::string shipped_tools(const std::filesystem::path& executable);

/// Takes the arguments apart. Nothing when there is nothing more to do: --help and --version have
/// been printed, or a wrong use has been explained on standard error; then `exit_code` is set (2
/// for wrong use).
std::optional<CommandLine> parse_command_line(int argc, const char* const* argv, int& exit_code);

}  // namespace kernstat
