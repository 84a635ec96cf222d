// SPDX-License-Identifier: Apache-2.0
#include "collectors/fold.h"

#include <algorithm>
#include <cmath>

namespace kernstat {
namespace {

constexpr double kRatioBounds[] = {0.1, 0.25, 0.5, 0.7, 0.8, 0.9, 0.95, 0.99, 1.0};

// Index of the native bucket of `value` > 0: the smallest i with value <= 2^(i / 2^schema).
int native_index(double value, int schema) {
  const double steps = std::ldexp(1.0, schema);
  auto index = static_cast<int>(std::ceil(std::log2(value) * steps));
  // log2 rounds: put a value that is a bound, or next to one, where the bound's own double says.
  if (value <= std::exp2((index - 1) / steps)) --index;
  if (value > std::exp2(index / steps)) ++index;
  return index;
}

}  // namespace

const FoldGrid kRatioGrid{5, -10, 0, kRatioBounds};

Fold::Fold(const FoldGrid& grid)
    : grid_(grid),
      native_((static_cast<std::size_t>(grid.last_exponent - grid.first_exponent) << grid.schema) +
              1),
      classic_(grid.bounds.size()) {}

void Fold::observe(double value) {
  if (std::isnan(value)) return;
  value = std::max(value, 0.0);
  ++count_;
  sum_ += value;
  const auto bound = std::lower_bound(grid_.bounds.begin(), grid_.bounds.end(), value);
  if (bound != grid_.bounds.end())
    ++classic_[static_cast<std::size_t>(bound - grid_.bounds.begin())];
  if (value <= std::ldexp(1.0, grid_.first_exponent)) {
    ++zero_count_;
    return;
  }
  const int first = (grid_.first_exponent * (1 << grid_.schema)) + 1;
  const double top = std::ldexp(1.0, grid_.last_exponent);
  const std::size_t slot =
      value > top ? native_.size() - 1
                  : std::min(static_cast<std::size_t>(native_index(value, grid_.schema) - first),
                             native_.size() - 2);
  ++native_[slot];
}

HistogramView Fold::view() const {
  HistogramView view;
  view.bounds = grid_.bounds;
  view.counts = classic_;
  view.has_native = true;
  view.schema = grid_.schema;
  view.first_index = (grid_.first_exponent * (1 << grid_.schema)) + 1;
  view.native = native_;
  view.zero_threshold = std::ldexp(1.0, grid_.first_exponent);
  view.zero_count = zero_count_;
  view.count = count_;
  view.sum = sum_;
  return view;
}

}  // namespace kernstat
