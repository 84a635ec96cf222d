// SPDX-License-Identifier: Apache-2.0
// Remembers from one run of the daemon to the next that it did not end well.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace kernstat {

/// A small file that exists while the daemon runs, and says when runs before it ended without
/// taking it away: by a crash, by the watchdog, by being killed. Times are seconds of
/// CLOCK_BOOTTIME, valid within one boot. Ends that happened more than kWindow ago are forgotten.
class RunRecord {
 public:
  static constexpr std::int64_t kWindow = 600;

  /// The record in $STATE_DIRECTORY, or else in $RUNTIME_DIRECTORY.
  static RunRecord begin();
  /// Takes over the record of the last run. An empty `directory`: nothing is remembered.
  static RunRecord begin(const std::string& directory, const std::string& boot_id,
                         std::int64_t now);
  /// The daemon ends well: the next run knows nothing of those before.
  void end_well() const;
  /// Runs that did not end well within the last kWindow seconds.
  std::size_t bad_ends() const { return bad_ends_.size(); }

  /// The times in a record of this boot, one a line behind the line of the boot's id; nothing when
  /// it is another boot's or not a record.
  static std::vector<std::int64_t> parse(std::string_view text, std::string_view boot_id);

 private:
  std::string path_;
  std::vector<std::int64_t> bad_ends_;
};

}  // namespace kernstat
