// SPDX-License-Identifier: Apache-2.0
// How often cores and packages were throttled because of heat, from sysfs.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "collectors/support/host.h"
#include "collectors/support/small_file.h"

namespace kernstat {

/// Throttle counts of one core or package.
struct ThrottleCount {
  std::uint32_t package = 0;
  std::uint32_t core = 0;
  std::uint64_t count = 0;
};
struct CpuThrottles {
  std::vector<ThrottleCount> cores;
  std::vector<ThrottleCount> packages;
};

/// Reads /sys/devices/system/cpu/cpu*/thermal_throttle (kernel:
/// drivers/thermal/intel/therm_throt.c). Looks for the files once; where the hardware has
/// none, reading costs nothing.
class CpuThrottleReader {
 public:
  explicit CpuThrottleReader(const Host& host) : directory_(host.sys_path("devices/system/cpu")) {}
  /// The counts now. A file that cannot be read (its CPU is offline) is left out.
  void read(CpuThrottles& into);

 private:
  struct Source {
    std::uint32_t package = 0;
    std::uint32_t core = 0;
    std::string path;
  };
  void find();
  void read_all(const std::vector<Source>& sources, std::vector<ThrottleCount>& into);

  std::string directory_;
  bool found_ = false;
  std::vector<Source> cores_;
  std::vector<Source> packages_;
  SmallReader reader_;
};

}  // namespace kernstat
