// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "collectors/proc/diskstats.h"

namespace kernstat {
namespace {

constexpr double kSectorBytes = 512;  // in this file whatever the device's own sectors are
constexpr double kPerMillisecond = 1e-3;

// How a column is said: as it is, or in the base unit.
enum class Scale : std::uint8_t { kOne, kSectors, kTime };

struct Quantity {
  DiskColumn column;
  Scale scale;
  Metric metric;
};

constexpr Metric counter(std::string_view name, std::string_view help) {
  return {name, MetricType::kCounter, help};
}

constexpr Quantity kQuantities[] = {
    {kReads, Scale::kOne,
     counter("node_disk_reads_completed_total", "Reads that ended well, from /proc/diskstats.")},
    {kReadsMerged, Scale::kOne,
     counter("node_disk_reads_merged_total",
             "Reads merged with a neighbour before they were issued, from /proc/diskstats.")},
    {kReadSectors, Scale::kSectors,
     counter("node_disk_read_bytes_total", "Bytes read, from /proc/diskstats.")},
    {kReadTime, Scale::kTime,
     counter("node_disk_read_time_seconds_total",
             "Time of all reads from issue to end, from /proc/diskstats.")},
    {kWrites, Scale::kOne,
     counter("node_disk_writes_completed_total", "Writes that ended well, from /proc/diskstats.")},
    {kWritesMerged, Scale::kOne,
     counter("node_disk_writes_merged_total",
             "Writes merged with a neighbour before they were issued, from /proc/diskstats.")},
    {kWriteSectors, Scale::kSectors,
     counter("node_disk_written_bytes_total", "Bytes written, from /proc/diskstats.")},
    {kWriteTime, Scale::kTime,
     counter("node_disk_write_time_seconds_total",
             "Time of all writes from issue to end, from /proc/diskstats.")},
    {kInFlight,
     Scale::kOne,
     {"node_disk_io_now", MetricType::kGauge, "Requests in flight, from /proc/diskstats."}},
    {kBusyTime, Scale::kTime,
     counter("node_disk_io_time_seconds_total",
             "Time with at least one request in flight, from /proc/diskstats.")},
    {kWeightedTime, Scale::kTime,
     counter("node_disk_io_time_weighted_seconds_total",
             "Time with requests in flight times their number, from /proc/diskstats.")},
    {kDiscards, Scale::kOne,
     counter("node_disk_discards_completed_total",
             "Discards that ended well, from /proc/diskstats.")},
    {kDiscardsMerged, Scale::kOne,
     counter("node_disk_discards_merged_total",
             "Discards merged with a neighbour before they were issued, from /proc/diskstats.")},
    {kDiscardSectors, Scale::kOne,
     counter("node_disk_discarded_sectors_total",
             "Sectors of 512 bytes discarded, from /proc/diskstats.")},
    {kDiscardTime, Scale::kTime,
     counter("node_disk_discard_time_seconds_total",
             "Time of all discards from issue to end, from /proc/diskstats.")},
    {kFlushes, Scale::kOne,
     counter("node_disk_flush_requests_total", "Flushes that ended well, from /proc/diskstats.")},
    {kFlushTime, Scale::kTime,
     counter("node_disk_flush_requests_time_seconds_total",
             "Time of all flushes from issue to end, from /proc/diskstats.")},
};

constexpr Metric kInfo{"node_disk_info", MetricType::kInfo,
                       "What a block device is, from udev's data base and /sys/class/block."};
constexpr Metric kFilesystemInfo{"node_disk_filesystem_info", MetricType::kInfo,
                                 "The file system on a block device, from udev's data base."};
constexpr Metric kMapperInfo{"node_disk_device_mapper_info", MetricType::kInfo,
                             "A device mapper's volume, from udev's data base."};
constexpr Metric kWriteCache{"node_disk_ata_write_cache", MetricType::kGauge,
                             "1 if an ATA disk has a write cache, from udev's data base."};
constexpr Metric kWriteCacheEnabled{"node_disk_ata_write_cache_enabled", MetricType::kGauge,
                                    "1 if an ATA disk's write cache is on, from udev's data base."};
constexpr Metric kRotationRate{
    "node_disk_ata_rotation_rate_rpm", MetricType::kGauge,
    "Rotations per minute of an ATA disk, 0 if it has none, from udev's data base."};

// 0 and 1: idle, and one after the other; 32: an old disk's queue is full; 128 to 1024: a modern
// one's or an array's is.
constexpr double kInFlightBounds[] = {0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 1024};
// Whole numbers: up to 4096 in steps of 9 %, and zero_threshold 0.5 holds the 0.
constexpr FoldGrid kInFlightGrid{3, -1, 12, kInFlightBounds};

constexpr Metric kInFlightFold{"kernstat_disk_inflight_requests", MetricType::kHistogram,
                               "Requests in flight, observed at every tick, from /proc/diskstats."};
constexpr Metric kBusyFold{"kernstat_disk_busy_ratio", MetricType::kHistogram,
                           "Part of the time between two ticks with a request in flight, from "
                           "/proc/diskstats."};

void write_texts(const Rows<Disk>& disks, const Metric& metric, std::string DiskInfo::*text,
                 Families& out) {
  out.family(metric);
  for (const Disk& disk : disks) {
    if (disk.labels.empty() || !disk.info || (*disk.info.*text).empty()) continue;
    out.sample(*disk.info.*text, std::uint64_t{1});
  }
}

void write_numbers(const Rows<Disk>& disks, const Metric& metric,
                   std::optional<double> DiskInfo::*number, Families& out) {
  out.family(metric);
  for (const Disk& disk : disks) {
    if (disk.labels.empty() || !disk.info) continue;
    if (const auto value = *disk.info.*number) out.sample(disk.labels, *value);
  }
}

// The row of the same device at the tick before, mostly at the same place.
const Disk* same_before(const Rows<Disk>& before, const Disk& disk, std::size_t place) {
  const auto is_it = [&](const Disk& each) {
    return !each.labels.empty() && each.life == disk.life;
  };
  if (place < before.size() && is_it(before[place])) return &before[place];
  const auto* const found = std::find_if(before.begin(), before.end(), is_it);
  return found == before.end() ? nullptr : found;
}

}  // namespace

void write_disks(const Rows<Disk>& disks, Families& out) {
  for (const Quantity& quantity : kQuantities) {
    out.family(quantity.metric);
    for (const Disk& disk : disks) {
      if (disk.labels.empty() || quantity.column >= disk.columns) continue;
      const std::uint64_t value = disk.values[quantity.column];
      switch (quantity.scale) {
        case Scale::kOne:
          out.sample(disk.labels, value);
          break;
        case Scale::kSectors:
          out.sample(disk.labels, static_cast<double>(value) * kSectorBytes);
          break;
        case Scale::kTime:
          out.sample(disk.labels, static_cast<double>(value) * kPerMillisecond);
          break;
      }
    }
  }
  write_texts(disks, kInfo, &DiskInfo::info, out);
  write_texts(disks, kFilesystemInfo, &DiskInfo::filesystem, out);
  write_texts(disks, kMapperInfo, &DiskInfo::device_mapper, out);
  write_numbers(disks, kWriteCache, &DiskInfo::ata_write_cache, out);
  write_numbers(disks, kWriteCacheEnabled, &DiskInfo::ata_write_cache_enabled, out);
  write_numbers(disks, kRotationRate, &DiskInfo::ata_rotation_rate_rpm, out);
}

DiskFolds::Entry& DiskFolds::entry_of(const Disk& disk, std::size_t hint) {
  const auto is_it = [&](const Entry& entry) { return entry.life == disk.life; };
  if (hint < entries_.size() && is_it(entries_[hint])) return entries_[hint];
  const auto found = std::find_if(entries_.begin(), entries_.end(), is_it);
  if (found != entries_.end()) return *found;
  return entries_.emplace_back(
      Entry{disk.life, disk.labels, Fold(kInFlightGrid), Fold(kRatioGrid), true});
}

void DiskFolds::fold(const Rows<Disk>& before, const Rows<Disk>& now, double seconds) {
  for (Entry& entry : entries_) entry.present = false;
  std::size_t place = 0;
  for (const Disk& disk : now) {
    if (disk.labels.empty()) continue;
    Entry& entry = entry_of(disk, place++);
    entry.present = true;
    entry.in_flight.observe(static_cast<double>(disk.values[kInFlight]));
    const Disk* const old =
        same_before(before, disk, static_cast<std::size_t>(&disk - now.begin()));
    if (old == nullptr) continue;
    const std::uint64_t busy = disk.values[kBusyTime] - old->values[kBusyTime];
    // The kernel counts in ticks of its own: a step can hold a little more than its time.
    entry.busy.observe(std::min(static_cast<double>(busy) * kPerMillisecond / seconds, 1.0));
  }
  std::erase_if(entries_, [](const Entry& entry) { return !entry.present; });
}

void DiskFolds::write(Families& out) const {
  out.family(kInFlightFold);
  for (const Entry& entry : entries_) out.histogram(entry.labels, entry.in_flight.view());
  out.family(kBusyFold);
  for (const Entry& entry : entries_) out.histogram(entry.labels, entry.busy.view());
}

}  // namespace kernstat
