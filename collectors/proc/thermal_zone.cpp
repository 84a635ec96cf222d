// SPDX-License-Identifier: Apache-2.0
// Temperatures and cooling devices of the thermal framework.
#include "collectors/support/attributes.h"
#include "collectors/support/labels.h"

namespace kernstat {
namespace {

// Documentation/driver-api/thermal/sysfs-api.rst
constexpr Metric kTemperature{"node_thermal_zone_temp", MetricType::kGauge,
                              "Temperature of the zone in degrees Celsius, from "
                              "/sys/class/thermal."};
constexpr Metric kCurrentState{"node_cooling_device_cur_state", MetricType::kGauge,
                               "How far the cooling device is engaged, from /sys/class/thermal."};
constexpr Metric kMaximumState{"node_cooling_device_max_state", MetricType::kGauge,
                               "How far the cooling device can be engaged, from "
                               "/sys/class/thermal."};

void add_zone(const std::string& path, const std::string& number, std::vector<Attribute>& into) {
  SmallReader reader;
  const auto mode = reader.read((path + "/mode").c_str());
  // The temperature of a zone that is switched off is not kept up to date.
  if (mode && trim(*mode) == "disabled") return;
  const auto type = reader.read((path + "/type").c_str());
  if (!type) return;
  const Labels labels = Labels("zone", number).add("type", trim(*type));
  into.push_back({path + "/temp", kTemperature, labels.text(), 0.001, {}});
}

void add_device(const std::string& path, const std::string& number, std::vector<Attribute>& into) {
  SmallReader reader;
  const auto type = reader.read((path + "/type").c_str());
  if (!type) return;
  const Labels labels = Labels("name", number).add("type", trim(*type));
  into.push_back({path + "/cur_state", kCurrentState, labels.text(), 1, {}});
  into.push_back({path + "/max_state", kMaximumState, labels.text(), 1, {}});
}

Result<std::vector<Attribute>> find(const std::string& directory) {
  auto names = list_directory(directory);
  if (!names) return fail(names.error());
  std::vector<Attribute> found;
  for (const std::string& name : *names) {
    constexpr std::string_view kZone = "thermal_zone";
    constexpr std::string_view kDevice = "cooling_device";
    const std::string path = directory + "/" + name;
    if (name.starts_with(kZone)) add_zone(path, name.substr(kZone.size()), found);
    if (name.starts_with(kDevice)) add_device(path, name.substr(kDevice.size()), found);
  }
  if (found.empty()) return fail(ErrorKind::kAbsent, directory + ": no thermal zone");
  return found;
}

const Registration kRegistration{
    {.name = "thermal_zone",
     .help = "Temperatures and cooling devices, from /sys/class/thermal.",
     .interval = std::chrono::seconds(15),
     .lane = Lane::kSlow,
     .options = {},
     .make = [](const Host& host, const Options&) -> Result<std::unique_ptr<Collector>> {
       return std::make_unique<AttributeCollector>(
           [directory = host.sys_path("class/thermal")] { return find(directory); });
     }}};

}  // namespace
}  // namespace kernstat
