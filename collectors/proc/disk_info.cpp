// SPDX-License-Identifier: Apache-2.0
#include "collectors/proc/disk_info.h"

#include <algorithm>
#include <cmath>

#include "collectors/support/labels.h"
#include "collectors/support/text.h"

namespace kernstat {
namespace {

constexpr std::size_t kLargestUdevFile = std::size_t{256} << 10;

std::string_view property(const UdevProperties& udev, std::string_view name) {
  const auto found = udev.find(name);
  return found == udev.end() ? std::string_view() : found->second;
}

std::optional<double> number(const UdevProperties& udev, std::string_view name) {
  const auto value = to_number<double>(property(udev, name));
  return value && std::isfinite(*value) ? value : std::nullopt;
}

// The serial number on the disk's label where it is known, else what virtual disks have.
std::string_view serial_of(const UdevProperties& udev) {
  for (const std::string_view name : {"SCSI_IDENT_SERIAL", "ID_SERIAL_SHORT", "ID_SERIAL"}) {
    const std::string_view serial = property(udev, name);
    if (!serial.empty()) return serial;
  }
  return {};
}

std::string read_rotational(const Host& host, std::string device) {
  // sysfs has '!' where a device's name has '/'.
  std::replace(device.begin(), device.end(), '/', '!');
  const std::string directory = host.sys_path("class/block/" + device);
  // A partition's queue is that of its disk.
  for (const char* const queue : {"/queue/rotational", "/../queue/rotational"}) {
    const auto text = read_file(directory + queue);
    if (text) return std::string(trim(*text));
  }
  return {};
}

}  // namespace

UdevProperties parse_udev_data(std::string_view text) {
  UdevProperties udev;
  std::string_view line;
  while (next_whole_line(text, line)) {
    if (!line.starts_with("E:")) continue;
    line.remove_prefix(2);
    const auto equals = line.find('=');
    if (equals == std::string_view::npos || equals == 0) continue;
    udev.insert_or_assign(std::string(line.substr(0, equals)),
                          std::string(line.substr(equals + 1)));
  }
  return udev;
}

DiskInfo make_disk_info(std::string_view device, std::uint32_t major, std::uint32_t minor,
                        std::string_view rotational, const UdevProperties& udev) {
  DiskInfo made;
  Labels info("device", device);
  info.add("major", std::to_string(major))
      .add("minor", std::to_string(minor))
      .add("model", property(udev, "ID_MODEL"))
      .add("path", property(udev, "ID_PATH"))
      .add("revision", property(udev, "ID_REVISION"))
      .add("rotational", rotational)
      .add("serial", serial_of(udev))
      .add("wwn", property(udev, "ID_WWN"));
  made.info = info.text();
  if (!property(udev, "ID_FS_TYPE").empty()) {
    Labels filesystem("device", device);
    filesystem.add("type", property(udev, "ID_FS_TYPE"))
        .add("usage", property(udev, "ID_FS_USAGE"))
        .add("uuid", property(udev, "ID_FS_UUID"))
        .add("version", property(udev, "ID_FS_VERSION"));
    made.filesystem = filesystem.text();
  }
  if (!property(udev, "DM_NAME").empty()) {
    Labels mapper("device", device);
    mapper.add("lv_layer", property(udev, "DM_LV_LAYER"))
        .add("lv_name", property(udev, "DM_LV_NAME"))
        .add("name", property(udev, "DM_NAME"))
        .add("uuid", property(udev, "DM_UUID"))
        .add("vg_name", property(udev, "DM_VG_NAME"));
    made.device_mapper = mapper.text();
  }
  if (!property(udev, "ID_ATA").empty()) {
    made.ata_write_cache = number(udev, "ID_ATA_WRITE_CACHE");
    made.ata_write_cache_enabled = number(udev, "ID_ATA_WRITE_CACHE_ENABLED");
    made.ata_rotation_rate_rpm = number(udev, "ID_ATA_ROTATION_RATE_RPM");
  }
  return made;
}

DiskInfo read_disk_info(const Host& host, const std::string& udev_directory,
                        const std::string& device, std::uint32_t major, std::uint32_t minor) {
  const auto text =
      read_file(udev_directory + "/b" + std::to_string(major) + ":" + std::to_string(minor),
                kLargestUdevFile);
  return make_disk_info(device, major, minor, read_rotational(host, device),
                        text ? parse_udev_data(*text) : UdevProperties());
}

}  // namespace kernstat
