// SPDX-License-Identifier: Apache-2.0
// Histograms over time: one observation per completed tick, so that a scrape sees what lay between
// two.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "collectors/metrics.h"

namespace kernstat {

/// The two grids of a fold. Native buckets cover 2^first_exponent … 2^last_exponent at `schema`;
/// smaller observations count as zero (zero_threshold = 2^first_exponent), larger ones in the next
/// native bucket. `bounds` is the classic list: ascending, a constant that outlives the fold.
struct FoldGrid {
  int schema = 5;
  int first_exponent = -10;
  int last_exponent = 0;
  std::span<const double> bounds;
};

/// For ratios 0 … 1: what a person looks for is "busy" and "nearly full".
extern const FoldGrid kRatioGrid;

/// A cumulative histogram, native and classic at once. One writer and any readers under the
/// collector's lock. observe() allocates nothing.
class Fold {
 public:
  explicit Fold(const FoldGrid& grid);

  /// Counts one observation. NaN is not counted; negative values count as 0.
  void observe(double value);
  HistogramView view() const;
  std::uint64_t count() const { return count_; }

 private:
  FoldGrid grid_;
  std::vector<std::uint64_t> native_;
  std::vector<std::uint64_t> classic_;
  std::uint64_t zero_count_ = 0;
  std::uint64_t count_ = 0;
  double sum_ = 0;
};

}  // namespace kernstat
