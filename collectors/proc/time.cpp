// SPDX-License-Identifier: Apache-2.0
// The system clock, its time zone and the clock sources.
#include <ctime>

#include "collectors/collector.h"
#include "collectors/support/labels.h"
#include "collectors/support/small_file.h"

namespace kernstat {
namespace {

constexpr Metric kSeconds{"node_time_seconds", MetricType::kGauge,
                          "System time since 1970 at the moment of the scrape, from "
                          "clock_gettime(2)."};
constexpr Metric kZoneOffset{"node_time_zone_offset_seconds", MetricType::kGauge,
                             "Offset of the local time zone from UTC, from localtime(3)."};
constexpr Metric kAvailable{"node_time_clocksource_available_info", MetricType::kGauge,
                            "Clock sources that could be used, from "
                            "/sys/devices/system/clocksource."};
constexpr Metric kCurrent{"node_time_clocksource_current_info", MetricType::kGauge,
                          "Clock source in use, from /sys/devices/system/clocksource."};

// Label texts of one file of a clock source, made anew only when the file has changed.
struct SourceWords {
  std::string text;
  std::vector<std::string> labels;
};

struct ClockSample {
  long zone_offset = 0;
  std::string zone;
  std::string zone_labels;
  std::vector<SourceWords> available;  // by device
  std::vector<SourceWords> current;
};

class TimeCollector final : public Sampled<ClockSample> {
 public:
  explicit TimeCollector(const Host& host)
      : directory_(host.sys_path("devices/system/clocksource")) {}

 private:
  struct Device {
    std::string number;
    std::string available;  // paths
    std::string current;
  };

  Result<void> read_into(ClockSample& sample, const Tick&) override {
    read_zone(sample);
    if (!found_) find();
    sample.available.resize(devices_.size());
    sample.current.resize(devices_.size());
    for (std::size_t i = 0; i < devices_.size(); ++i) {
      read_words(devices_[i].available, devices_[i].number, sample.available[i]);
      read_words(devices_[i].current, devices_[i].number, sample.current[i]);
    }
    return {};
  }

  // Which devices there are is asked once; which source is used may change.
  void find() {
    found_ = true;
    const auto names = list_directory(directory_);
    if (!names) return;
    constexpr std::string_view kPrefix = "clocksource";
    for (const std::string& name : *names) {
      if (!name.starts_with(kPrefix)) continue;
      const std::string path = directory_ + "/" + name;
      devices_.push_back({name.substr(kPrefix.size()), path + "/available_clocksource",
                          path + "/current_clocksource"});
    }
  }

  static void read_zone(ClockSample& sample) {
    ::tzset();
    const std::time_t now = std::time(nullptr);
    std::tm local{};
    if (::localtime_r(&now, &local) == nullptr || local.tm_zone == nullptr) return;
    sample.zone_offset = local.tm_gmtoff;
    if (sample.zone_labels.empty() || sample.zone != local.tm_zone) {
      sample.zone = local.tm_zone;
      sample.zone_labels = Labels("time_zone", sample.zone).text();
    }
  }

  // One label text for each word of the file; none when it cannot be read.
  void read_words(const std::string& path, const std::string& device, SourceWords& words) {
    const std::string_view text = reader_.read(path.c_str()).value_or(std::string_view());
    if (text == words.text) return;
    words.text = text;
    words.labels.clear();
    std::string_view rest = trim(words.text);
    for (auto word = next_field(rest); !word.empty(); word = next_field(rest)) {
      words.labels.push_back(Labels("clocksource", word).add("device", device).text());
    }
  }

  static void write_words(const Metric& metric, const std::vector<SourceWords>& devices,
                          Families& out) {
    bool begun = false;
    for (const SourceWords& words : devices) {
      for (const std::string& labels : words.labels) {
        if (!begun) out.family(metric);
        begun = true;
        out.sample(labels, std::uint64_t{1});
      }
    }
  }

  void write_sample(const ClockSample& sample, Families& out) const override {
    // A time that is as old as the last tick would be wrong; the clock costs no system call.
    timespec now{};
    if (::clock_gettime(CLOCK_REALTIME, &now) == 0) {
      out.single(kSeconds,
                 static_cast<double>(now.tv_sec) + (static_cast<double>(now.tv_nsec) / 1e9));
    }
    if (!sample.zone_labels.empty()) {
      out.family(kZoneOffset);
      out.sample(sample.zone_labels, static_cast<double>(sample.zone_offset));
    }
    write_words(kAvailable, sample.available, out);
    write_words(kCurrent, sample.current, out);
  }

  std::string directory_;
  bool found_ = false;
  std::vector<Device> devices_;
  SmallReader reader_;
};

const Registration kRegistration{
    {.name = "time",
     .help = "System time, time zone and clock sources, from clock_gettime(2) and "
             "/sys/devices/system/clocksource.",
     .interval = std::chrono::seconds(15),
     .options = {},
     .make = [](const Host& host, const Options&) -> Result<std::unique_ptr<Collector>> {
       return std::make_unique<TimeCollector>(host);
     }}};

}  // namespace
}  // namespace kernstat
