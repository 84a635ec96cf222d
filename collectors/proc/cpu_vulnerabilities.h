// SPDX-License-Identifier: Apache-2.0
// Which vulnerabilities of the CPU are mitigated, from sysfs.
#pragma once

#include <string>
#include <string_view>

namespace kernstat {

/// What a file of /sys/devices/system/cpu/vulnerabilities says (kernel:
/// Documentation/ABI/testing/sysfs-devices-system-cpu).
struct Vulnerability {
  std::string state;       ///< "not affected", "vulnerable", "mitigation" or "unknown"
  std::string mitigation;  ///< what follows "Mitigation: ", in lower case
};
Vulnerability parse_vulnerability(std::string_view text);

}  // namespace kernstat
