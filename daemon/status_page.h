// SPDX-License-Identifier: Apache-2.0
// The page at `/`.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "daemon/collectors.h"

namespace kernstat {

/// What the page says of the process and its host.
struct PageFacts {
  std::string host;
  std::string kernel;
  std::string version;
  double uptime_seconds = 0;  ///< of the daemon
  double now_seconds = 0;     ///< Unix time

  /// Asks the system.
  static PageFacts now();
};

/// HTML of the state of every collector and BPF tool: complete in itself, without scripts, and safe
/// whatever an error text or a name says.
std::string status_page(const std::vector<CollectorStatus>& collectors,
                        std::string_view telemetry_path, const PageFacts& facts);

/// A duration for people: "3 d 4 h", "250 ms", "12 µs".
std::string duration_text(double seconds);

/// Text between tags or in a quoted attribute.
void append_escaped(std::string& out, std::string_view text);

}  // namespace kernstat
