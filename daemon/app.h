// SPDX-License-Identifier: Apache-2.0
// The daemon from start to end.
#pragma once

#include "config/config.h"
#include "daemon/options.h"

namespace kernstat {

/// Runs until SIGTERM or SIGINT; gives the exit code.
int run_daemon(const CommandLine& line, LoadedConfig loaded);

}  // namespace kernstat
