// SPDX-License-Identifier: Apache-2.0
// Sensors of the hardware from /sys/class/hwmon.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "collectors/metrics.h"

namespace kernstat {

/// A file of a chip by its name (kernel: Documentation/hwmon/sysfs-interface.rst): "temp1_crit" is
/// sensor 1 of type "temp" with the property "crit".
struct SensorFile {
  std::string_view type;
  unsigned number = 0;
  std::string_view property;  ///< empty for files like "pwm1"

  std::string sensor() const { return std::string(type) + std::to_string(number); }
};
/// Nothing for files that belong to no known type of sensor.
std::optional<SensorFile> split_sensor_file(std::string_view name);

/// The family that a sensor's file belongs to, and its unit: the file's number times `scale` is the
/// value. `has_plain`: the sensor has a file without property too.
struct SensorFamily {
  std::string name;
  MetricType type = MetricType::kGauge;
  double scale = 1;
};
SensorFamily sensor_family(const SensorFile& file, bool has_plain);

/// Text as part of a name: lower case, all but a-z 0-9 : _ replaced by _, none at the ends.
std::string clean_name(std::string_view text);

}  // namespace kernstat
