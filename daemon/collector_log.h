// SPDX-License-Identifier: Apache-2.0
// What the log says of collectors.
#pragma once

#include <string>
#include <vector>

#include "daemon/collectors.h"

namespace kernstat {

/// Logs that a collector's state or problem has changed, as loudly as it matters. Any thread.
void log_state(const std::string& name, CollectorState before, CollectorState now,
               const std::string& error);

/// Logs that the daemon is ready and how many collectors are in which state, and a warning for each
/// privilege that is missing.
void log_summary(const std::vector<CollectorStatus>& all);

/// Collectors that are denied for one reason.
struct Denied {
  std::string why;         ///< names the privilege
  std::string collectors;  ///< their names, a space between them
  std::string remedy;      ///< how to give the privilege; empty where the reason says it
};

/// All that are denied, each reason once, in the order of the collectors.
std::vector<Denied> denied_by_reason(const std::vector<CollectorStatus>& all);

}  // namespace kernstat
