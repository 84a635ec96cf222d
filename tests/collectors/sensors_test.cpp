// SPDX-License-Identifier: Apache-2.0
// The collectors hwmon, thermal_zone, cpufreq and cpu_vulnerabilities.
#include "collectors/proc/cpu_vulnerabilities.h"
#include "collectors/proc/hwmon.h"
#include "tests/collectors/recorder.h"

namespace kernstat {

TEST_CASE("a sensor's file is type, number and property") {
  const auto file = split_sensor_file("temp12_crit_alarm");
  REQUIRE(file);
  CHECK(file->type == "temp");
  CHECK(file->sensor() == "temp12");
  CHECK(file->property == "crit_alarm");
  REQUIRE(split_sensor_file("pwm1"));
  CHECK(split_sensor_file("pwm1")->property.empty());
  REQUIRE(split_sensor_file("update_interval"));
  for (const char* bad : {"", "name", "temp1x", "temp1_", "1", "uevent", "temp99999999999_input"}) {
    INFO(bad);
    CHECK_FALSE(split_sensor_file(bad));
  }
}

TEST_CASE("families of sensors have the units of their type") {
  const auto family = [](const char* name, bool plain = false) {
    const SensorFamily found = sensor_family(*split_sensor_file(name), plain);
    return found.name.substr(std::string("node_hwmon_").size()) + " " + std::to_string(found.scale);
  };
  CHECK(family("temp1_input") == "temp_celsius 0.001000");
  CHECK(family("temp1_crit_alarm") == "temp_crit_alarm_celsius 1.000000");
  CHECK(family("temp1_type") == "temp_type 1.000000");
  CHECK(family("fan1_input") == "fan_rpm 1.000000");
  CHECK(family("fan1_alarm") == "fan_alarm 1.000000");
  CHECK(family("fan1_div") == "fan_div 1.000000");
  CHECK(family("in0_max") == "in_max_volts 0.001000");
  CHECK(family("in0_beep") == "in_beep_enabled 1.000000");
  CHECK(family("curr1_input") == "curr_amps 0.001000");
  CHECK(family("power1_average") == "power_average_watt 0.000001");
  CHECK(family("power1_average_interval") == "power_average_interval_seconds 0.001000");
  CHECK(family("energy1_input") == "energy_joule_total 0.000001");
  CHECK(family("pwm1") == "pwm 1.000000");
  CHECK(family("pwm1_input", true) == "pwm_input 1.000000");
  CHECK(family("freq1_input") == "freq_freq_mhz 0.000001");
  CHECK(sensor_family(*split_sensor_file("energy1_input"), false).type == MetricType::kCounter);
}

TEST_CASE("hwmon names chips by their device and exports their sensors") {
  FakeHost files;
  const std::string device = "sys/devices/platform/coretemp.0";
  const std::string chip = device + "/hwmon/hwmon0";
  files.write(chip + "/name", "coretemp\n");
  files.write(chip + "/temp1_input", "55000\n");
  files.write(chip + "/temp1_label", "Package id 0\n");
  files.write(chip + "/temp1_crit", "100000\n");
  files.write(chip + "/temp2_input", "not now\n");
  std::filesystem::create_directories(files.path("sys/class/hwmon"));
  std::filesystem::create_symlink(files.path(chip), files.path("sys/class/hwmon/hwmon0"));
  std::filesystem::create_symlink(files.path(device), files.path(chip + "/device"));
  Ticker ticker("hwmon", files.host);
  REQUIRE(ticker.tick());
  Scraped out = ticker.scrape();
  CHECK(out.values.size() == 4);
  CHECK(out.get("node_hwmon_temp_celsius{chip=\"platform_coretemp_0\",sensor=\"temp1\"}") == 55);
  CHECK(out.get("node_hwmon_temp_crit_celsius{chip=\"platform_coretemp_0\",sensor=\"temp1\"}") ==
        100);
  CHECK(out.get("node_hwmon_chip_names{chip=\"platform_coretemp_0\",chip_name=\"coretemp\"}") == 1);
  CHECK(out.get("node_hwmon_sensor_label{chip=\"platform_coretemp_0\",label=\"Package id 0\","
                "sensor=\"temp1\"}") == 1);
  files.write(chip + "/temp1_input", "56500\n");
  REQUIRE(ticker.tick());
  out = ticker.scrape();
  CHECK(out.get("node_hwmon_temp_celsius{chip=\"platform_coretemp_0\",sensor=\"temp1\"}") == 56.5);

  Ticker none("hwmon", files.host, {{"chip_exclude", "coretemp"}});
  const auto result = none.tick();
  REQUIRE_FALSE(result);
  CHECK(result.error().kind == ErrorKind::kAbsent);
}

TEST_CASE("thermal zones and cooling devices are exported") {
  FakeHost files;
  files.write("sys/class/thermal/thermal_zone0/type", "x86_pkg_temp\n");
  files.write("sys/class/thermal/thermal_zone0/temp", "-500\n");
  files.write("sys/class/thermal/thermal_zone1/type", "off\n");
  files.write("sys/class/thermal/thermal_zone1/mode", "disabled\n");
  files.write("sys/class/thermal/thermal_zone1/temp", "1\n");
  files.write("sys/class/thermal/cooling_device3/type", "Processor\n");
  files.write("sys/class/thermal/cooling_device3/cur_state", "2\n");
  files.write("sys/class/thermal/cooling_device3/max_state", "10\n");
  Ticker ticker("thermal_zone", files.host);
  REQUIRE(ticker.tick());
  const Scraped out = ticker.scrape();
  CHECK(out.values.size() == 3);
  CHECK(out.get("node_thermal_zone_temp{zone=\"0\",type=\"x86_pkg_temp\"}") == -0.5);
  CHECK(out.get("node_cooling_device_max_state{name=\"3\",type=\"Processor\"}") == 10);
}

TEST_CASE("frequencies and governors are exported") {
  FakeHost files;
  const std::string directory = "sys/devices/system/cpu/cpu7/cpufreq/";
  files.write(directory + "scaling_cur_freq", "2400000\n");
  files.write(directory + "scaling_available_governors", "performance powersave\n");
  files.write(directory + "scaling_governor", "powersave\n");
  files.write("sys/devices/system/cpu/cpuidle/current_driver", "none\n");
  Ticker ticker("cpufreq", files.host);
  REQUIRE(ticker.tick());
  const Scraped out = ticker.scrape();
  CHECK(out.values.size() == 3);
  CHECK(out.get("node_cpu_scaling_frequency_hertz{cpu=\"7\"}") == 2.4e9);
  CHECK(out.get("node_cpu_scaling_governor{cpu=\"7\",governor=\"powersave\"}") == 1);
  CHECK(out.get("node_cpu_scaling_governor{cpu=\"7\",governor=\"performance\"}") == 0);
}

TEST_CASE("hardware without sensors is unsupported") {
  FakeHost files;
  files.write("sys/class/thermal/.keep", "");
  files.write("sys/devices/system/cpu/cpu0/uevent", "");
  for (const char* name : {"hwmon", "thermal_zone", "cpufreq", "cpu_vulnerabilities"}) {
    INFO(name);
    Ticker ticker(name, files.host);
    const auto result = ticker.tick();
    REQUIRE_FALSE(result);
    CHECK(result.error().kind == ErrorKind::kAbsent);
  }
}

TEST_CASE("vulnerabilities have a state and a mitigation") {
  const auto state = [](std::string_view text) {
    const Vulnerability found = parse_vulnerability(text);
    return found.state + "|" + found.mitigation;
  };
  CHECK(state("Not affected\n") == "not affected|");
  CHECK(state("Vulnerable: No microcode\n") == "vulnerable|");
  CHECK(state("Mitigation: PTI; VMX: off\n") == "mitigation|pti; vmx: off");
  CHECK(state("KVM: Mitigation: Split huge pages\n") == "mitigation|split huge pages");
  CHECK(state("KVM: Vulnerable\n") == "vulnerable|");
  CHECK(state("") == "unknown|");

  FakeHost files;
  files.write("sys/devices/system/cpu/vulnerabilities/meltdown", "Mitigation: PTI\n");
  Ticker ticker("cpu_vulnerabilities", files.host);
  REQUIRE(ticker.tick());
  CHECK(ticker.scrape().get("node_cpu_vulnerabilities_info{codename=\"meltdown\","
                            "state=\"mitigation\",mitigation=\"pti\"}") == 1);
}

}  // namespace kernstat
