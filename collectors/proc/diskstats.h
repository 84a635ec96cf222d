// SPDX-License-Identifier: Apache-2.0
// Requests, bytes and times of block devices from /proc/diskstats.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/fold.h"
#include "collectors/metrics.h"
#include "collectors/proc/disk_info.h"
#include "collectors/support/result.h"
#include "collectors/support/rows.h"

namespace kernstat {

/// The columns behind the device's name (kernel: block/genhd.c, diskstats_show). Times in
/// milliseconds, sectors of 512 bytes. Discards came with 4.18, flushes with 5.5.
enum DiskColumn : std::uint8_t {
  kReads,
  kReadsMerged,
  kReadSectors,
  kReadTime,
  kWrites,
  kWritesMerged,
  kWriteSectors,
  kWriteTime,
  kInFlight,
  kBusyTime,
  kWeightedTime,
  kDiscards,
  kDiscardsMerged,
  kDiscardSectors,
  kDiscardTime,
  kFlushes,
  kFlushTime,
  kDiskColumns,
};

/// One line.
struct Disk {
  std::uint32_t major = 0;
  std::uint32_t minor = 0;
  std::string name;
  std::size_t columns = 0;  ///< how many the kernel gives: 11, 15 or 17
  std::array<std::uint64_t, kDiskColumns> values{};
  // The collector's:
  bool decided = false;    ///< whether it is wanted
  std::string labels;      ///< device="name", made when the row is born; empty: not wanted
  std::uint64_t life = 0;  ///< another number when a device comes anew under an old name
  std::shared_ptr<const DiskInfo> info;
};

/// Reads all whole lines. A line with fewer than 11 columns or with a number of more than 64 bits
/// is left out.
void parse_diskstats(std::string_view text, Rows<Disk>& into);

/// Follows devices from tick to tick: the kernel prints times in 32 bits of milliseconds, which a
/// busy disk wraps within hours.
class DiskHistory {
 public:
  /// Widens the times of all wanted disks in place, and gives each its life. What a counter loses
  /// while its device's other counters go on is the kernel's mistake: it is held.
  void follow(Rows<Disk>& disks);

 private:
  struct Entry {
    std::string name;
    std::uint32_t major = 0;
    std::uint32_t minor = 0;
    std::uint64_t life = 0;
    bool present = false;
    std::array<std::uint64_t, kDiskColumns> raw{};
    std::array<std::uint64_t, kDiskColumns> totals{};
  };
  Entry& entry_of(const Disk& disk, std::size_t hint);
  void begin_anew(Entry& entry, const Disk& disk);

  std::vector<Entry> entries_;
  std::uint64_t lives_ = 0;
};

/// Requests in flight and the busy ratio of each device as histograms over time.
class DiskFolds {
 public:
  void fold(const Rows<Disk>& before, const Rows<Disk>& now, double seconds);
  void write(Families& out) const;

 private:
  struct Entry {
    std::uint64_t life;
    std::string labels;
    Fold in_flight;
    Fold busy;
    bool present;
  };
  Entry& entry_of(const Disk& disk, std::size_t hint);

  std::vector<Entry> entries_;
};

/// Says the counters and infos of all disks that have labels. Pure.
void write_disks(const Rows<Disk>& disks, Families& out);

}  // namespace kernstat
