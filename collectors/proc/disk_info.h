// SPDX-License-Identifier: Apache-2.0
// What a block device is: from udev's data base and sysfs.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "collectors/support/host.h"

namespace kernstat {

/// Label texts and numbers that do not change from tick to tick. Empty text: nothing to say.
struct DiskInfo {
  std::string info;           ///< of node_disk_info
  std::string filesystem;     ///< of node_disk_filesystem_info
  std::string device_mapper;  ///< of node_disk_device_mapper_info
  std::optional<double> ata_write_cache;
  std::optional<double> ata_write_cache_enabled;
  std::optional<double> ata_rotation_rate_rpm;
};

using UdevProperties = std::map<std::string, std::string, std::less<>>;

/// The lines "E:NAME=VALUE" of a file in /run/udev/data (udevadm(8)); others are left out, and so
/// is a last line that is cut.
UdevProperties parse_udev_data(std::string_view text);

/// Makes the texts. `rotational` as sysfs has it, empty when it is not known.
DiskInfo make_disk_info(std::string_view device, std::uint32_t major, std::uint32_t minor,
                        std::string_view rotational, const UdevProperties& udev);

/// Reads udev's file b<major>:<minor> in `udev_directory` and the device's queue in sysfs. What is
/// not there gives empty labels.
DiskInfo read_disk_info(const Host& host, const std::string& udev_directory,
                        const std::string& device, std::uint32_t major, std::uint32_t minor);

}  // namespace kernstat
