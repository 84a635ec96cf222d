// SPDX-License-Identifier: Apache-2.0
#include "collectors/proc/diskstats.h"

#include "collectors/collector.h"
#include "collectors/options.h"
#include "collectors/support/labels.h"
#include "collectors/support/text.h"

namespace kernstat {
namespace {

// As node_exporter's default: partitions and devices that are no disks.
constexpr const char* kExclude = "^(z?ram|loop|fd|(h|s|v|xv)d[a-z]|nvme\\d+n\\d+p)\\d+$";
// A device's description changes seldom: a new file system, a renamed volume.
constexpr std::int64_t kInfoEvery = 30'000'000'000;

class Diskstats final : public Sampled<Rows<Disk>> {
 public:
  Diskstats(Host host, const Options& options)
      : host_(std::move(host)),
        udev_directory_((host_.root == "/" ? "" : host_.root) + options.text("udev_data")),
        devices_(Filter::from(options, "device")),
        file_(host_.proc_path("diskstats")) {}

 private:
  // Rows move when devices come and go; what was read of a device is kept by its life.
  struct Known {
    std::uint64_t life = 0;
    std::shared_ptr<const DiskInfo> info;
    std::int64_t read_ns = 0;
  };

  Result<void> read_into(Rows<Disk>& sample, const Tick& tick) override {
    const auto text = file_.read();
    if (!text) return fail(text.error());
    parse_diskstats(*text, sample);
    for (Disk& disk : sample) {
      if (disk.decided) continue;
      disk.decided = true;
      if (devices_.accepts(disk.name)) disk.labels = Labels("device", disk.name).text();
    }
    history_.follow(sample);
    std::size_t place = 0;
    for (Disk& disk : sample) {
      if (!disk.labels.empty()) describe(disk, place++, tick.monotonic_ns);
    }
    known_.resize(place);
    return {};
  }

  void describe(Disk& disk, std::size_t place, std::int64_t now) {
    if (place == known_.size()) known_.emplace_back();
    Known& known = known_[place];
    if (known.life != disk.life || now - known.read_ns >= kInfoEvery) {
      known.life = disk.life;
      known.info = std::make_shared<const DiskInfo>(
          read_disk_info(host_, udev_directory_, disk.name, disk.major, disk.minor));
      known.read_ns = now;
    }
    disk.info = known.info;
  }

  void fold(const Rows<Disk>& before, const Rows<Disk>& now, double seconds) override {
    folds_.fold(before, now, seconds);
  }
  void write_sample(const Rows<Disk>& sample, Families& out) const override {
    write_disks(sample, out);
  }
  void write_folds(Families& out) const override { folds_.write(out); }

  Host host_;
  std::string udev_directory_;
  Filter devices_;
  KeptFile file_;
  DiskHistory history_;
  std::vector<Known> known_;
  DiskFolds folds_;
};

std::vector<OptionSpec> diskstats_options() {
  std::vector<OptionSpec> options = Filter::options("device", "", kExclude);
  options.push_back({"udev_data", OptionType::kText, "/run/udev/data",
                     "Where udev keeps its data base, under --path.rootfs."});
  return options;
}

const Registration kRegistration{
    {.name = "diskstats",
     .help = "Requests, bytes and times of block devices, from /proc/diskstats.",
     .interval = std::chrono::seconds(1),
     .options = diskstats_options(),
     .make = [](const Host& host, const Options& options) -> Result<std::unique_ptr<Collector>> {
       return std::make_unique<Diskstats>(host, options);
     }}};

// The line's columns into `disk`; false when they are not what the kernel prints.
bool take_columns(std::string_view line, Disk& disk) {
  std::size_t columns = 0;
  while (columns < kDiskColumns) {
    const std::string_view field = next_field(line);
    if (field.empty()) break;
    const auto number = to_number<std::uint64_t>(field);
    if (!number) return false;
    disk.values[columns++] = *number;
  }
  // Columns came in groups.
  disk.columns = 0;
  for (const std::size_t known : {kDiscards, kFlushes, kDiskColumns}) {
    if (columns >= known) disk.columns = known;
  }
  return disk.columns != 0;
}

}  // namespace

void parse_diskstats(std::string_view text, Rows<Disk>& into) {
  into.clear();
  std::string_view line;
  while (next_whole_line(text, line)) {
    const auto major = next_number<std::uint32_t>(line);
    const auto minor = next_number<std::uint32_t>(line);
    const std::string_view name = next_field(line);
    // A name has at most 32 bytes in the kernel (DISK_NAME_LEN), a partition's a number more.
    if (!major || !minor || name.empty() || name.size() > kMaxLabelBytes) continue;
    Disk& disk = into.add();
    if (!take_columns(line, disk)) {
      into.drop_last();
      continue;
    }
    disk.major = *major;
    disk.minor = *minor;
    if (disk.name == name) continue;
    disk.name = name;
    disk.labels.clear();
    disk.decided = false;
  }
}

}  // namespace kernstat
