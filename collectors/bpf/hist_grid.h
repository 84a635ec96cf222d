// SPDX-License-Identifier: Apache-2.0
// Histograms of BPF tools: what the name of their struct says, and how counts become buckets.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "collectors/metrics.h"

namespace kernstat::bpf {

/// What a histogram counts (bpf/hist.bpf.h).
enum class HistUnit : std::uint8_t {
  kTime,   ///< seconds; the sum is in ns
  kDays,   ///< seconds; the sum is in us
  kBytes,  ///< bytes
  kCount,  ///< a plain number
};

/// Layout of one histogram in a map value, as the kernel side writes it: one word for the sum, then
/// the slots. Slot 0 is the native zero bucket (x <= 2^first), the last slot holds x > 2^last.
struct HistGrid {
  HistUnit unit = HistUnit::kTime;
  int schema = 3;  ///< 0 … 3
  int first = 0;   ///< exponents of the bounds, in seconds or in the unit itself
  int last = 0;

  /// Reads ks_hist_<unit>_<schema>_<first>_<last>; nothing for any other name.
  static std::optional<HistGrid> parse(std::string_view struct_name);

  std::size_t slots() const { return (static_cast<std::size_t>(last - first) << schema) + 2; }
  std::size_t words() const { return slots() + 1; }
  /// The factor that makes the sum one in base units.
  double sum_scale() const;
  bool operator==(const HistGrid&) const = default;
};

/// Turns the words of one histogram into both forms. One scratch buffer is reused: a view is valid
/// until the next call. Not thread-safe.
class HistRenderer {
 public:
  explicit HistRenderer(const HistGrid& grid);

  /// REQUIRES: words.size() == grid.words().
  const HistogramView& render(std::span<const std::uint64_t> words);
  const HistGrid& grid() const { return grid_; }

 private:
  HistGrid grid_;
  std::vector<double> bounds_;
  std::vector<std::uint64_t> classic_;
  HistogramView view_;
};

}  // namespace kernstat::bpf
