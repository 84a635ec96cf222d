// SPDX-License-Identifier: Apache-2.0
// Names of block devices, and which have gone.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

#include "collectors/support/fd.h"
#include "collectors/support/host.h"

namespace kernstat::bpf {

/// Names by dev_t from <sys>/dev/block, kept until the kernel announces the device's removal
/// (NETLINK_KOBJECT_UEVENT), so that a number used again gets its new name. One thread.
class DiskNames {
 public:
  explicit DiskNames(const Host& host);

  /// Empty when there is no such device. Where sysfs has no dev/block, "major:minor".
  std::string_view find(std::uint32_t dev);
  /// Takes note of removals; how many there were.
  std::size_t refresh();

 private:
  void forget(std::string_view event);

  std::string directory_;
  bool has_directory_;
  Fd events_;
  std::unordered_map<std::uint32_t, std::string> names_;
};

}  // namespace kernstat::bpf
