// SPDX-License-Identifier: Apache-2.0
// Tables with one column per CPU: /proc/interrupts and /proc/softirqs.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/support/result.h"
#include "collectors/support/wide_counter.h"

namespace kernstat {

/// A table "CPU0 CPU2 …" over rows "name: number number … text". Reused from sample to sample: a
/// table whose rows and columns have not changed costs no allocation.
class CpuTable {
 public:
  struct Row {
    std::string name;  ///< what stands before the colon
    std::string text;  ///< what stands behind the numbers, without the space around it
    std::vector<std::uint64_t> values;  ///< one for each of cpus()
  };
  /// More rows than any host has interrupts; what comes after is not taken.
  static constexpr std::size_t kMaxRows = 8192;

  const std::vector<std::uint16_t>& cpus() const { return cpus_; }
  std::size_t size() const { return used_; }
  const Row& operator[](std::size_t i) const { return rows_[i]; }
  Row& operator[](std::size_t i) { return rows_[i]; }

 private:
  friend Result<void> parse_cpu_table(std::string_view text, CpuTable& into);
  std::vector<std::uint16_t> cpus_;
  std::vector<Row> rows_;
  std::size_t used_ = 0;
};

/// Reads a table. Rows that are cut, or have fewer numbers than there are CPUs, are left out (ERR
/// and MIS of /proc/interrupts are of that kind); so are rows of a name that was there before.
/// kInvalid without a line of CPUs.
Result<void> parse_cpu_table(std::string_view text, CpuTable& into);

/// Follows the kernel's 32-bit counters in a CpuTable beyond their wrap. Counters belong to the
/// row's name and the CPU's number; those of a row that has gone are forgotten.
class WideTable {
 public:
  /// Replaces the values of `table` by the whole counts.
  void apply(CpuTable& table);

 private:
  struct Row {
    std::string name;
    std::vector<WideCounter> counters;  // by the CPU's number
  };
  Row& row_at(std::size_t place, const std::string& name);
  std::vector<Row> rows_;
};

}  // namespace kernstat
