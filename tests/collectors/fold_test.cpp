// SPDX-License-Identifier: Apache-2.0
#include "collectors/fold.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <limits>
#include <numeric>

namespace kernstat {

TEST_CASE("a fold counts each observation in one native and one classic bucket") {
  Fold fold(kRatioGrid);
  for (const double value : {0.0, 0.05, 0.1, 0.25, 0.26, 1.0, 1.5}) fold.observe(value);
  fold.observe(std::numeric_limits<double>::quiet_NaN());
  const HistogramView view = fold.view();
  CHECK(view.count == 7);
  CHECK(view.sum == Approx(3.16));
  CHECK(view.zero_count == 1);
  CHECK(std::accumulate(view.native.begin(), view.native.end(), std::uint64_t{0}) == 6);
  CHECK(view.counts[0] == 3);
  CHECK(view.counts[1] == 1);
  CHECK(view.counts[2] == 1);
  CHECK(view.counts[8] == 1);
}

TEST_CASE("powers of two lie in the native bucket that ends there") {
  for (int exponent = kRatioGrid.first_exponent + 1; exponent <= 0; ++exponent) {
    Fold fold(kRatioGrid);
    fold.observe(std::ldexp(1.0, exponent));
    fold.observe(std::nextafter(std::ldexp(1.0, exponent), 2.0));
    const HistogramView view = fold.view();
    const auto slot = static_cast<std::size_t>((exponent * 32) - view.first_index);
    CHECK(view.native[slot] == 1);
    CHECK(view.native[slot + 1] == 1);
  }
}

}  // namespace kernstat
