// SPDX-License-Identifier: Apache-2.0
// Time of each CPU by mode, which CPUs are online and isolated, and how often heat throttled them.
#include <algorithm>

#include "collectors/collector.h"
#include "collectors/fold.h"
#include "collectors/options.h"
#include "collectors/proc/cpu_info.h"
#include "collectors/proc/cpu_throttles.h"
#include "collectors/proc/cpu_times.h"
#include "collectors/support/cpu_list.h"
#include "collectors/support/label_table.h"

namespace kernstat {
namespace {

constexpr Metric kSeconds{"node_cpu_seconds_total", MetricType::kCounter,
                          "Time each CPU spent in each mode, from the lines cpuN of /proc/stat."};
constexpr Metric kGuestSeconds{
    "node_cpu_guest_seconds_total", MetricType::kCounter,
    "Time each CPU ran guests, part of user and nice, from the lines cpuN of /proc/stat."};
constexpr Metric kOnline{
    "node_cpu_online", MetricType::kGauge,
    "Whether the CPU is online, from /sys/devices/system/cpu/online and present."};
constexpr Metric kIsolated{"node_cpu_isolated", MetricType::kGauge,
                           "CPUs kept out of scheduling, from /sys/devices/system/cpu/isolated."};
constexpr Metric kCoreThrottles{
    "node_cpu_core_throttles_total", MetricType::kCounter,
    "Times the core was throttled by heat, from core_throttle_count in sysfs."};
constexpr Metric kPackageThrottles{
    "node_cpu_package_throttles_total", MetricType::kCounter,
    "Times the package was throttled by heat, from package_throttle_count in sysfs."};
constexpr Metric kInfo{"node_cpu_info", MetricType::kGauge,
                       "What each CPU is, from /proc/cpuinfo, always 1."};
constexpr Metric kFlagInfo{"node_cpu_flag_info", MetricType::kGauge,
                           "Flags of the first CPU, from /proc/cpuinfo, always 1."};
constexpr Metric kBugInfo{"node_cpu_bug_info", MetricType::kGauge,
                          "Bugs of the first CPU, from /proc/cpuinfo, always 1."};
constexpr Metric kFoldBusy{
    "kernstat_cpu_busy_ratio", MetricType::kHistogram,
    "Share of all CPUs' time that was busy in each tick (not idle, iowait or steal), from "
    "/proc/stat."};
constexpr Metric kFoldBusiest{
    "kernstat_cpu_busiest_ratio", MetricType::kHistogram,
    "Busy share of the busiest CPU in each tick, from the lines cpuN of /proc/stat."};
constexpr Metric kFoldSteal{"kernstat_cpu_steal_ratio", MetricType::kHistogram,
                            "Share of all CPUs' time that the hypervisor took in each tick, from "
                            "/proc/stat."};

constexpr const char* kModeNames[] = {"user", "nice",    "system", "idle", "iowait",
                                      "irq",  "softirq", "steal",  "user", "nice"};

// Any steal is a finding: steps begin at 1 %, and above half the exact share no longer matters.
constexpr double kStealBounds[] = {0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1};
constexpr FoldGrid kStealGrid{5, -10, 0, kStealBounds};

struct CpuSample {
  std::vector<CpuTimes> times;
  std::vector<std::uint16_t> present;  // empty where sysfs does not say
  std::vector<std::uint16_t> online;
  std::vector<std::uint16_t> isolated;
  CpuThrottles throttles;
  std::shared_ptr<const CpuInfoLabels> info;
};

struct CpuOptions {
  bool guest = true;
  bool info = false;
  std::shared_ptr<const re2::RE2> flags;
  std::shared_ptr<const re2::RE2> bugs;
};

class CpuCollector final : public Sampled<CpuSample> {
 public:
  CpuCollector(const Host& host, CpuOptions options)
      : options_(std::move(options)),
        info_path_(host.proc_path("cpuinfo")),
        stat_(host.proc_path("stat")),
        present_(host.sys_path("devices/system/cpu/present")),
        online_(host.sys_path("devices/system/cpu/online")),
        isolated_(host.sys_path("devices/system/cpu/isolated")),
        throttles_(host),
        ticks_per_second_(static_cast<double>(::sysconf(_SC_CLK_TCK))),
        steady_(static_cast<std::uint64_t>(::sysconf(_SC_CLK_TCK))) {}

 private:
  Result<void> read_into(CpuSample& sample, const Tick& tick) override {
    auto text = stat_.read();
    if (!text) return fail(text.error());
    auto parsed = parse_cpu_times(*text, sample.times);
    if (!parsed) return fail(stat_.path(), parsed.error());
    steady_.apply(sample.times);

    // What changes rarely is read rarely.
    constexpr std::int64_t kRarely = 10'000'000'000;
    if (!rare_read_ || tick.monotonic_ns - rare_ns_ >= kRarely) {
      rare_read_ = true;
      rare_ns_ = tick.monotonic_ns;
      read_list(present_, rare_.present);
      read_list(online_, rare_.online);
      read_list(isolated_, rare_.isolated);
      throttles_.read(rare_.throttles);
    }
    sample.present = rare_.present;
    sample.online = rare_.online;
    sample.isolated = rare_.isolated;
    sample.throttles = rare_.throttles;
    if (options_.info) read_info(sample.times.size());
    sample.info = rare_.info;
    return {};
  }

  // The file is long and dear, and changes only when a CPU comes or goes.
  void read_info(std::size_t cpus) {
    if (cpus == info_cpus_) return;
    info_cpus_ = cpus;
    rare_.info.reset();
    const auto text = read_file(info_path_);
    CpuInfo info;
    if (!text || !parse_cpuinfo(*text, info)) return;
    rare_.info = std::make_shared<const CpuInfoLabels>(
        cpu_info_labels(info, options_.flags.get(), options_.bugs.get()));
  }

  // A list that is not there, or not to be understood, is empty: its families are left out.
  static void read_list(KeptFile& file, std::vector<std::uint16_t>& into) {
    auto text = file.read();
    if (!text || !parse_cpu_list(*text, into)) into.clear();
  }

  void fold(const CpuSample& before, const CpuSample& now, double seconds) override {
    const CpuStep step = cpu_step(before.times, now.times, seconds, ticks_per_second_);
    if (!step.valid) return;
    busy_.observe(step.host.busy);
    steal_.observe(step.host.steal);
    busiest_.observe(step.busiest);
  }

  void write_modes(const CpuSample& sample, CpuMode first, CpuMode end, Families& out) const {
    for (const CpuTimes& times : sample.times) {
      for (auto mode = static_cast<std::size_t>(first); mode < static_cast<std::size_t>(end);
           ++mode) {
        const std::string& labels = mode_labels_.get((times.cpu * kCpuModes) + mode, [&] {
          return Labels("cpu", std::to_string(times.cpu)).add("mode", kModeNames[mode]).text();
        });
        out.sample(labels, static_cast<double>(times.ticks[mode]) / ticks_per_second_);
      }
    }
  }

  void write_sample(const CpuSample& sample, Families& out) const override {
    out.family(kSeconds);
    write_modes(sample, CpuMode::kUser, CpuMode::kGuest, out);
    if (options_.guest) {
      out.family(kGuestSeconds);
      write_modes(sample, CpuMode::kGuest, static_cast<CpuMode>(kCpuModes), out);
    }
    if (!sample.present.empty() && !sample.online.empty()) {
      out.family(kOnline);
      for (const std::uint16_t cpu : sample.present) {
        const bool online = std::binary_search(sample.online.begin(), sample.online.end(), cpu);
        out.sample(cpu_labels_.cpu(cpu), std::uint64_t{online});
      }
    }
    if (!sample.isolated.empty()) out.family(kIsolated);
    for (const std::uint16_t cpu : sample.isolated) {
      out.sample(cpu_labels_.cpu(cpu), std::uint64_t{1});
    }
    write_throttles(sample.throttles, out);
    if (!sample.info) return;
    write_info(kInfo, sample.info->cpus, out);
    write_info(kFlagInfo, sample.info->flags, out);
    write_info(kBugInfo, sample.info->bugs, out);
  }

  static void write_info(const Metric& metric, const std::vector<std::string>& labels,
                         Families& out) {
    if (!labels.empty()) out.family(metric);
    for (const std::string& text : labels) out.sample(text, std::uint64_t{1});
  }

  // Few hosts have these, and only real ones: their labels are made anew at each scrape.
  static void write_throttles(const CpuThrottles& throttles, Families& out) {
    if (!throttles.cores.empty()) out.family(kCoreThrottles);
    for (const ThrottleCount& core : throttles.cores) {
      const Labels labels =
          Labels("package", std::to_string(core.package)).add("core", std::to_string(core.core));
      out.sample(labels.text(), core.count);
    }
    if (!throttles.packages.empty()) out.family(kPackageThrottles);
    for (const ThrottleCount& package : throttles.packages) {
      out.sample(Labels("package", std::to_string(package.package)).text(), package.count);
    }
  }

  void write_folds(Families& out) const override {
    out.family(kFoldBusy);
    out.histogram({}, busy_.view());
    out.family(kFoldBusiest);
    out.histogram({}, busiest_.view());
    out.family(kFoldSteal);
    out.histogram({}, steal_.view());
  }

  CpuOptions options_;
  std::string info_path_;
  std::size_t info_cpus_ = 0;
  KeptFile stat_;
  KeptFile present_;
  KeptFile online_;
  KeptFile isolated_;
  CpuThrottleReader throttles_;
  double ticks_per_second_;
  SteadyCpuTimes steady_;
  CpuSample rare_;  // its times are not used
  bool rare_read_ = false;
  std::int64_t rare_ns_ = 0;
  Fold busy_{kRatioGrid};
  Fold busiest_{kRatioGrid};
  Fold steal_{kStealGrid};
  mutable LabelTable mode_labels_;
  mutable LabelTable cpu_labels_;
};

// Twice a second, so that a burst of 300 ms shows as a quarter or more of one tick however it lies
// across two of them.
const Registration kRegistration{
    {.name = "cpu",
     .help = "Time of each CPU by mode, from /proc/stat; online, isolated and throttled CPUs, from "
             "/sys/devices/system/cpu.",
     .interval = std::chrono::milliseconds(500),
     .options = {{"guest", OptionType::kBool, "true",
                  "Report node_cpu_guest_seconds_total, time spent in guests."},
                 {"info", OptionType::kBool, "false",
                  "Report node_cpu_info, the model of each CPU, from /proc/cpuinfo."},
                 {"info_flags_include", OptionType::kRegex, "",
                  "Flags of the first CPU that are reported with info; empty: none."},
                 {"info_bugs_include", OptionType::kRegex, "",
                  "Bugs of the first CPU that are reported with info; empty: none."}},
     .make = [](const Host& host, const Options& options) -> Result<std::unique_ptr<Collector>> {
       return std::make_unique<CpuCollector>(
           host,
           CpuOptions{options.flag("guest"), options.flag("info"),
                      options.regex("info_flags_include"), options.regex("info_bugs_include")});
     }}};

}  // namespace
}  // namespace kernstat
