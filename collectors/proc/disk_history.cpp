// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "collectors/proc/diskstats.h"

namespace kernstat {
namespace {

constexpr bool is_time(std::size_t column) {
  return column == kReadTime || column == kWriteTime || column == kBusyTime ||
         column == kWeightedTime || column == kDiscardTime || column == kFlushTime;
}

// What a column that only grows has gained. Half of 32 bits is more than can pass between two
// ticks: a larger step is one back.
std::uint64_t gain(std::size_t column, std::uint64_t before, std::uint64_t now) {
  if (now >= before) return now - before;
  if (!is_time(column) || before > UINT32_MAX) return 0;
  const auto step = static_cast<std::uint32_t>(now) - static_cast<std::uint32_t>(before);
  return step < (1U << 31U) ? step : 0;
}

}  // namespace

DiskHistory::Entry& DiskHistory::entry_of(const Disk& disk, std::size_t hint) {
  const auto is_it = [&](const Entry& entry) { return entry.name == disk.name; };
  if (hint < entries_.size() && is_it(entries_[hint])) return entries_[hint];
  const auto found = std::find_if(entries_.begin(), entries_.end(), is_it);
  if (found != entries_.end()) return *found;
  Entry& born = entries_.emplace_back();
  born.name = disk.name;
  return born;
}

void DiskHistory::begin_anew(Entry& entry, const Disk& disk) {
  entry.major = disk.major;
  entry.minor = disk.minor;
  entry.life = ++lives_;
  entry.totals = disk.values;
}

void DiskHistory::follow(Rows<Disk>& disks) {
  for (Entry& entry : entries_) entry.present = false;
  std::size_t place = 0;
  for (Disk& disk : disks) {
    if (disk.labels.empty()) continue;
    Entry& entry = entry_of(disk, place++);
    entry.present = true;
    // Requests are counted in 64 bits: they go back only when the device is another one.
    const bool another = entry.life == 0 || entry.major != disk.major ||
                         entry.minor != disk.minor || disk.values[kReads] < entry.raw[kReads] ||
                         disk.values[kWrites] < entry.raw[kWrites];
    if (another) {
      begin_anew(entry, disk);
    } else {
      for (std::size_t i = 0; i < disk.columns; ++i) {
        if (i != kInFlight) entry.totals[i] += gain(i, entry.raw[i], disk.values[i]);
      }
      entry.totals[kInFlight] = disk.values[kInFlight];
    }
    entry.raw = disk.values;
    disk.life = entry.life;
    disk.values = entry.totals;
  }
  std::erase_if(entries_, [](const Entry& entry) { return !entry.present; });
}

}  // namespace kernstat
