// SPDX-License-Identifier: Apache-2.0
// The daemon from start to end.
#pragma once

#include "config/config.h"
#include "daemon/load.h"

namespace kernstat {

/// Runs until SIGTERM or SIGINT; gives the exit code.
int run_daemon(Loader& loader, LoadedConfig loaded);

}  // namespace kernstat
