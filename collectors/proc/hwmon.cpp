// SPDX-License-Identifier: Apache-2.0
#include "collectors/proc/hwmon.h"

#include <algorithm>
#include <cstdlib>
#include <map>
#include <memory>
#include <set>

#include "collectors/options.h"
#include "collectors/support/attributes.h"
#include "collectors/support/interned.h"
#include "collectors/support/labels.h"

namespace kernstat {
namespace {

constexpr Metric kChipNames{"node_hwmon_chip_names", MetricType::kGauge,
                            "Name that the chip's driver gives it, from name in "
                            "/sys/class/hwmon, always 1."};
constexpr Metric kSensorLabel{"node_hwmon_sensor_label", MetricType::kGauge,
                              "Label that the chip's driver gives the sensor, from *_label in "
                              "/sys/class/hwmon, always 1."};

constexpr std::string_view kTypes[] = {
    "vrm",  "beep_enable", "update_interval", "in",     "cpu",      "fan",       "pwm",
    "temp", "curr",        "power",           "energy", "humidity", "intrusion", "freq"};

struct Filters {
  Filter chip;
  Filter sensor;
};

// The last but `from_end` part of a path.
std::string_view path_part(std::string_view path, int from_end) {
  for (; from_end > 0; --from_end) path = path.substr(0, path.find_last_of('/'));
  const auto slash = path.find_last_of('/');
  return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

// hwmon numbers depend on the order of loading, the device's place does not: bus and device name
// the chip, else its driver's name, else the number.
std::string chip_name(const std::string& path, const std::string& driver_name) {
  const std::unique_ptr<char, void (*)(void*)> device(
      ::realpath((path + "/device").c_str(), nullptr), std::free);
  if (device) {
    const std::string name = clean_name(path_part(device.get(), 0));
    const std::string bus = clean_name(path_part(device.get(), 1));
    if (!name.empty()) return bus.empty() ? name : bus + "_" + name;
  }
  return driver_name.empty() ? clean_name(path_part(path, 0)) : driver_name;
}

// A file that says 1 as soon as it can be read: for the info families.
Attribute constant(std::string path, const Metric& metric, std::string labels) {
  return {std::move(path), metric, std::move(labels), 1, {}};
}

class ChipFinder {
 public:
  ChipFinder(const Filters& filters, std::vector<Attribute>& into)
      : filters_(filters), into_(into) {}

  void add(const std::string& path) {
    const auto text = reader_.read((path + "/name").c_str());
    const std::string driver_name = text ? clean_name(trim(*text)) : std::string();
    const std::string chip = chip_name(path, driver_name);
    if (!filters_.chip.accepts(chip)) return;
    if (!driver_name.empty()) {
      Attribute names = constant(path + "/name", kChipNames,
                                 Labels("chip", chip).add("chip_name", driver_name).text());
      names.equals = std::string(trim(reader_.read(names.path.c_str()).value_or("")));
      into_.push_back(std::move(names));
    }
    files_.clear();
    collect(path);
    collect(path + "/device");
    for (const auto& [name, directory] : files_) add_file(chip, name, directory);
  }

 private:
  // Old drivers have their files in the device's directory.
  void collect(const std::string& directory) {
    const auto names = list_directory(directory);
    if (!names) return;
    for (const std::string& name : *names) {
      if (split_sensor_file(name)) files_.emplace(name, directory);
    }
  }

  void add_file(const std::string& chip, const std::string& name, const std::string& directory) {
    const SensorFile file = *split_sensor_file(name);
    std::string sensor = file.sensor();
    if (!filters_.sensor.accepts(chip + ";" + sensor)) return;
    const std::string path = directory + "/" + name;
    if (file.property == "label") {
      const std::string label(trim(reader_.read(path.c_str()).value_or("")));
      if (label.empty()) return;
      const Labels labels = Labels("chip", chip).add("label", label).add("sensor", sensor);
      Attribute attribute = constant(path, kSensorLabel, labels.text());
      attribute.equals = label;
      into_.push_back(std::move(attribute));
      return;
    }
    if (file.type == "freq" && file.property == "input") {
      // Frequencies go by their label alone.
      const std::string label_path = directory + "/" + sensor + "_label";
      sensor = clean_name(trim(reader_.read(label_path.c_str()).value_or("")));
      if (sensor.empty()) return;
    }
    const bool has_plain = files_.count(std::string(file.type) + std::to_string(file.number)) != 0;
    const SensorFamily family = sensor_family(file, has_plain);
    const std::string property = file.property.empty() ? "" : " " + std::string(file.property);
    const Metric metric{
        interned(family.name), family.type,
        interned("Sensors of type " + std::string(file.type) + ":" +
                 (property.empty() ? " value" : property) + ", from /sys/class/hwmon.")};
    into_.push_back(
        {path, metric, Labels("chip", chip).add("sensor", sensor).text(), family.scale, {}});
  }

  const Filters& filters_;
  std::vector<Attribute>& into_;
  SmallReader reader_;
  std::map<std::string, std::string> files_;  // name and directory
};

Result<std::vector<Attribute>> find(const std::string& directory, const Filters& filters) {
  auto names = list_directory(directory);
  if (!names) return fail(names.error());
  std::vector<Attribute> found;
  ChipFinder finder(filters, found);
  for (const std::string& name : *names) {
    std::string path = directory;
    finder.add(path.append("/").append(name));
  }
  if (found.empty()) return fail(ErrorKind::kAbsent, directory + ": no sensors");
  // By family; two chips of one device and name would be one series twice: the first counts.
  std::stable_sort(found.begin(), found.end(), [](const Attribute& a, const Attribute& b) {
    return a.metric.name < b.metric.name;
  });
  std::set<std::pair<std::string_view, std::string>> seen;
  std::vector<Attribute> unique;
  for (Attribute& attribute : found) {
    if (seen.emplace(attribute.metric.name, attribute.labels).second) {
      unique.push_back(std::move(attribute));
    }
  }
  return unique;
}

std::vector<OptionSpec> options() {
  std::vector<OptionSpec> list = Filter::options("chip", "", "");
  for (OptionSpec& option : Filter::options("sensor", "", "")) list.push_back(std::move(option));
  return list;
}

const Registration kRegistration{
    {.name = "hwmon",
     .help = "Temperatures, fans, voltages and other sensors, from /sys/class/hwmon; a sensor is "
             "chip;sensor.",
     .interval = std::chrono::seconds(15),
     .lane = Lane::kSlow,
     .options = options(),
     .make = [](const Host& host, const Options& options) -> Result<std::unique_ptr<Collector>> {
       return std::make_unique<AttributeCollector>(
           [directory = host.sys_path("class/hwmon"),
            filters = Filters{Filter::from(options, "chip"), Filter::from(options, "sensor")}] {
             return find(directory, filters);
           });
     }}};

}  // namespace

std::string clean_name(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const char lower = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    const bool kept = (lower >= 'a' && lower <= 'z') || (lower >= '0' && lower <= '9') ||
                      lower == ':' || lower == '_';
    out += kept ? lower : '_';
  }
  const auto begin = out.find_first_not_of('_');
  if (begin == std::string::npos) return {};
  return out.substr(begin, out.find_last_not_of('_') - begin + 1);
}

std::optional<SensorFile> split_sensor_file(std::string_view name) {
  constexpr std::string_view kDigits = "0123456789";
  SensorFile file;
  const auto number = name.find_first_of(kDigits);
  file.type = name.substr(0, number);
  if (number != std::string_view::npos) {
    std::string_view rest = name.substr(number);
    const auto end = rest.find_first_not_of(kDigits);
    const auto value = to_number<unsigned>(rest.substr(0, end));
    if (!value) return std::nullopt;
    file.number = *value;
    if (end != std::string_view::npos) {
      rest.remove_prefix(end);
      if (rest.front() != '_' || rest.size() < 2) return std::nullopt;
      file.property = rest.substr(1);
    }
  }
  if (std::find(std::begin(kTypes), std::end(kTypes), file.type) == std::end(kTypes)) {
    return std::nullopt;
  }
  return file;
}

SensorFamily sensor_family(const SensorFile& file, bool has_plain) {
  constexpr double kMilli = 0.001;
  constexpr double kMicro = 0.000001;
  const std::string_view type = file.type;
  const std::string_view property = file.property;
  SensorFamily family;
  family.name = "node_hwmon_" + std::string(type);
  if (type == "beep_enable") return {"node_hwmon_beep_enabled", MetricType::kGauge, 1};
  if (type == "vrm") return {"node_hwmon_voltage_regulator_version", MetricType::kGauge, 1};
  if (type == "update_interval") {
    return {"node_hwmon_update_interval_seconds", MetricType::kGauge, kMilli};
  }
  if (type == "freq" && property == "input") {
    return {family.name + "_freq_mhz", MetricType::kGauge, kMicro};
  }
  // The input is the sensor's value itself.
  if (property == "input") {
    if (has_plain) family.name += "_input";
  } else if (!property.empty()) {
    family.name += "_" + clean_name(property);
  }
  const auto with = [&family](const char* unit, double scale) {
    family.name += unit;
    family.scale = scale;
    return family;
  };
  if (property == "fault" || property == "alarm") return family;
  if (property == "beep") return with("_enabled", 1);
  // Alarms of a limit are 0 or 1 as well; their established names carry the unit of the limit.
  const double milli = property.ends_with("_alarm") ? 1 : kMilli;
  if (type == "in" || type == "cpu") return with("_volts", milli);
  if (type == "temp" && property != "type") return with("_celsius", milli);
  if (type == "curr") return with("_amps", milli);
  if (type == "energy") {
    family.type = MetricType::kCounter;
    return with("_joule_total", kMicro);
  }
  if (type == "power") {
    if (property == "accuracy") return with("", kMicro);
    if (property.starts_with("average_interval")) return with("_seconds", kMilli);
    return with("_watt", property.ends_with("_alarm") ? 1 : kMicro);
  }
  if (type == "humidity") return with("", kMicro);
  if (type == "fan" &&
      (property == "input" || property == "min" || property == "max" || property == "target")) {
    return with("_rpm", 1);
  }
  return family;
}

}  // namespace kernstat
