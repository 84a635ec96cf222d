// SPDX-License-Identifier: Apache-2.0
// Frequencies and governors of the CPUs.
#include <algorithm>

#include "collectors/support/attributes.h"
#include "collectors/support/labels.h"

namespace kernstat {
namespace {

// Documentation/admin-guide/pm/cpufreq.rst; the files are in kHz.
struct File {
  const char* name;
  Metric metric;
};
constexpr File kFiles[] = {
    {"cpuinfo_cur_freq",
     {"node_cpu_frequency_hertz", MetricType::kGauge,
      "Frequency that the hardware reports, from cpuinfo_cur_freq in sysfs."}},
    {"cpuinfo_min_freq",
     {"node_cpu_frequency_min_hertz", MetricType::kGauge,
      "Lowest frequency of the hardware, from cpuinfo_min_freq in sysfs."}},
    {"cpuinfo_max_freq",
     {"node_cpu_frequency_max_hertz", MetricType::kGauge,
      "Highest frequency of the hardware, from cpuinfo_max_freq in sysfs."}},
    {"scaling_cur_freq",
     {"node_cpu_scaling_frequency_hertz", MetricType::kGauge,
      "Frequency that the kernel has set or measured, from scaling_cur_freq in sysfs."}},
    {"scaling_min_freq",
     {"node_cpu_scaling_frequency_min_hertz", MetricType::kGauge,
      "Lowest frequency that may be set, from scaling_min_freq in sysfs."}},
    {"scaling_max_freq",
     {"node_cpu_scaling_frequency_max_hertz", MetricType::kGauge,
      "Highest frequency that may be set, from scaling_max_freq in sysfs."}},
};
constexpr Metric kGovernor{"node_cpu_scaling_governor", MetricType::kGauge,
                           "Whether the governor is the CPU's current one, from scaling_governor "
                           "in sysfs."};

void add_cpu(const std::string& path, const std::string& cpu, std::vector<Attribute>& into) {
  SmallReader reader;
  for (const File& file : kFiles) {
    std::string file_path = path + "/" + file.name;
    // cpuinfo_cur_freq is for root only; a driver may lack any of them.
    if (!reader.read(file_path.c_str())) continue;
    into.push_back({std::move(file_path), file.metric, Labels("cpu", cpu).text(), 1000, {}});
  }
  const auto governors = reader.read((path + "/scaling_available_governors").c_str());
  if (!governors) return;
  std::string_view words = trim(*governors);
  for (auto word = next_field(words); !word.empty(); word = next_field(words)) {
    const Labels labels = Labels("cpu", cpu).add("governor", word);
    into.push_back({path + "/scaling_governor", kGovernor, labels.text(), 1, std::string(word)});
  }
}

Result<std::vector<Attribute>> find(const std::string& directory) {
  auto names = list_directory(directory);
  if (!names) return fail(names.error());
  std::vector<Attribute> found;
  for (const std::string& name : *names) {
    if (!name.starts_with("cpu") || !to_number<unsigned>(std::string_view(name).substr(3))) {
      continue;
    }
    add_cpu(directory + "/" + name + "/cpufreq", name.substr(3), found);
  }
  if (found.empty()) return fail(ErrorKind::kAbsent, directory + ": no CPU has a cpufreq driver");
  // By family, so that it comes in one piece.
  std::stable_sort(found.begin(), found.end(), [](const Attribute& a, const Attribute& b) {
    return a.metric.name < b.metric.name;
  });
  return found;
}

const Registration kRegistration{
    {.name = "cpufreq",
     .help = "Frequency and governor of each CPU, from /sys/devices/system/cpu/cpu*/cpufreq.",
     .interval = std::chrono::seconds(15),
     .lane = Lane::kSlow,
     .options = {},
     .make = [](const Host& host, const Options&) -> Result<std::unique_ptr<Collector>> {
       return std::make_unique<AttributeCollector>(
           [directory = host.sys_path("devices/system/cpu")] { return find(directory); });
     }}};

}  // namespace
}  // namespace kernstat
