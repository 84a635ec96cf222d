// SPDX-License-Identifier: Apache-2.0
// The configuration that a command line stands for.
#pragma once

#include <string>

#include "config/config.h"
#include "daemon/options.h"

namespace kernstat {

/// Why there is no configuration, in lines for a person, and with which code the daemon ends.
struct LoadFailure {
  std::string text;
  int exit_code = 2;
};

/// Reads the file, the command line's own settings and the BPF directories. Fails for a file that
/// cannot be read (exit code 1) and for a configuration with problems (2).
tl::expected<LoadedConfig, LoadFailure> load(const CommandLine& line);

/// What a configuration may speak of in this build.
KnownSpecs known_specs(const CommandLine& line);

}  // namespace kernstat
