// SPDX-License-Identifier: Apache-2.0
// The commands that print something and end.
#pragma once

#include "config/config.h"
#include "daemon/options.h"

namespace kernstat {

/// Reads every enabled collector twice, a second apart, on this thread; prints one exposition on
/// standard output and a table of how they fared on standard error. Exit code: 1 when a collector
/// failed, or when the exposition could not be written.
int run_once(const CommandLine& line, const LoadedConfig& loaded);

/// Prints the collectors and tools with their intervals and options; false when that failed.
bool print_list(const LoadedConfig& loaded);

}  // namespace kernstat
