// SPDX-License-Identifier: Apache-2.0
// Serves a table with one column per CPU as one family.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "collectors/collector.h"
#include "collectors/support/cpu_table.h"
#include "collectors/support/label_table.h"
#include "collectors/support/labels.h"

namespace kernstat {

/// Reads a CpuTable from a file that stays open, and says a counter for each CPU and row. Labels
/// are cpu and what `describe` gives.
class CpuTableCollector final : public Sampled<CpuTable> {
 public:
  /// Labels of a row, cpu aside; nothing for a row that is left out. Called when a row is new in
  /// its place.
  using Describe = std::function<std::optional<Labels>(const CpuTable::Row& row)>;

  /// `zeros`: whether to say the counters that are 0. `metric` has texts that last.
  CpuTableCollector(std::string path, const Metric& metric, bool zeros, Describe describe)
      : file_(std::move(path)), metric_(metric), zeros_(zeros), describe_(std::move(describe)) {}

 private:
  struct RowLabels {
    std::string name;
    std::string text;
    std::string labels;  // with the comma before them
    bool is_known = false;
    bool is_wanted = false;
  };

  Result<void> read_into(CpuTable& sample, const Tick& tick) override;
  void write_sample(const CpuTable& table, Families& out) const override;
  const RowLabels& labels_of(std::size_t place, const CpuTable::Row& row) const;

  KeptFile file_;
  Metric metric_;
  bool zeros_;
  Describe describe_;
  WideTable wide_;
  mutable std::vector<RowLabels> rows_;
  mutable LabelTable cpus_;
  mutable std::string scratch_;
};

}  // namespace kernstat
