// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>
#include <cmath>
#include <numeric>
#include <vector>

#include "collectors/bpf/hist_grid.h"

extern "C" {
unsigned ks_test_time_slot(unsigned long long ns);
unsigned ks_test_days_slot(unsigned long long ns);
unsigned ks_test_count_slot(unsigned long long v);
unsigned ks_test_bytes_slot(unsigned long long v);
}

using namespace kernstat;
using namespace kernstat::bpf;

namespace {

constexpr HistGrid kTime{HistUnit::kTime, 3, -20, 6};
constexpr HistGrid kDays{HistUnit::kDays, 2, -8, 20};
constexpr HistGrid kCount{HistUnit::kCount, 2, 0, 16};
constexpr HistGrid kBytes{HistUnit::kBytes, 2, 8, 24};

// The slot whose upper bound is 2^k.
unsigned ending_at(const HistGrid& grid, int k) {
  return static_cast<unsigned>((k - grid.first) << grid.schema);
}

// The exact upper bound of a slot, in base units.
double bound_of(const HistGrid& grid, unsigned slot) {
  return std::exp2(grid.first + static_cast<double>(slot) / (1 << grid.schema));
}

// 2^k seconds in whole nanoseconds, the last that are not more.
unsigned long long power_ns(int k) {
  return static_cast<unsigned long long>(std::floor(std::ldexp(1e9L, k)));
}

}  // namespace

TEST_CASE("every power of two of a second ends its bucket") {
  for (int k = kTime.first; k <= kTime.last; ++k) {
    CAPTURE(k);
    const unsigned long long ns = power_ns(k);
    CHECK(ks_test_time_slot(ns) == ending_at(kTime, k));
    // What the clock can tell next: 1 ns, or 2 us for k >= 0 (the clamp and factor are that exact).
    CHECK(ks_test_time_slot(ns + (k >= 0 ? 2000 : 1)) == ending_at(kTime, k) + 1);
  }
}

TEST_CASE("every nanosecond near a power of two falls where it belongs") {
  for (int k = kTime.first; k <= kTime.last; ++k) {
    CAPTURE(k);
    const unsigned long long ns = power_ns(k);
    CHECK(ks_test_time_slot(ns - 1) == ending_at(kTime, k));
    CHECK(ks_test_time_slot(ns + 40) == ending_at(kTime, k) + 1);
  }
}

TEST_CASE("slots of times never go back and stay within their bounds") {
  unsigned before = 0;
  for (double ns = 1; ns < 3e11; ns = std::max(ns + 1, ns * 1.0003)) {
    const auto whole = static_cast<unsigned long long>(ns);
    const unsigned slot = ks_test_time_slot(whole);
    CAPTURE(whole, slot);
    REQUIRE(slot >= before);
    REQUIRE(slot < kTime.slots());
    before = slot;
    const double seconds = static_cast<double>(whole) / 1e9;
    // One unit of 2^-30 s is what the integer grid cannot tell.
    const double unit = std::exp2(-30) * 1.5 + seconds * 1e-9;
    if (slot + 1 < kTime.slots()) REQUIRE(seconds <= bound_of(kTime, slot) + unit);
    if (slot > 0) REQUIRE(seconds > bound_of(kTime, slot - 1) - unit);
  }
  CHECK(before == kTime.slots() - 1);
}

TEST_CASE("nothing, the shortest and the longest time have a slot") {
  CHECK(ks_test_time_slot(0) == 0);
  CHECK(ks_test_time_slot(1) == 0);
  CHECK(ks_test_time_slot(~0ULL) == kTime.slots() - 1);
  CHECK(ks_test_time_slot(1ULL << 41) == kTime.slots() - 1);
}

TEST_CASE("days end their buckets at powers of two of a second too") {
  for (int k = kDays.first; k <= kDays.last; ++k) {
    CAPTURE(k);
    const auto ns = static_cast<unsigned long long>(std::ldexp(1e9L, k));
    CHECK(ks_test_days_slot(ns) == ending_at(kDays, k));
    CHECK(ks_test_days_slot(ns + 1'000'000) > ending_at(kDays, k));
  }
  CHECK(ks_test_days_slot(0) == 0);
  CHECK(ks_test_days_slot(~0ULL) == kDays.slots() - 1);
}

TEST_CASE("counts and bytes are exact") {
  for (int k = kCount.first; k <= kCount.last; ++k) {
    CAPTURE(k);
    CHECK(ks_test_count_slot(1ULL << k) == ending_at(kCount, k));
    CHECK(ks_test_count_slot((1ULL << k) + 1) > ending_at(kCount, k));
  }
  for (unsigned long long v = 1; v < 200'000; ++v) {
    const unsigned slot = ks_test_count_slot(v);
    CAPTURE(v, slot);
    const auto number = static_cast<double>(v);
    if (slot + 1 < kCount.slots()) REQUIRE(number <= bound_of(kCount, slot));
    if (slot > 0) REQUIRE(number > bound_of(kCount, slot - 1));
  }
  CHECK(ks_test_bytes_slot(0) == 0);
  CHECK(ks_test_bytes_slot(256) == 0);
  CHECK(ks_test_bytes_slot(257) == 1);
  CHECK(ks_test_bytes_slot(1ULL << 24) == kBytes.slots() - 2);
  CHECK(ks_test_bytes_slot((1ULL << 24) + 1) == kBytes.slots() - 1);
  CHECK(ks_test_bytes_slot(~0ULL) == kBytes.slots() - 1);
}

TEST_CASE("the struct's name says the grid") {
  CHECK(HistGrid::parse("ks_hist_time_3_m20_p6") == kTime);
  CHECK(HistGrid::parse("ks_hist_days_2_m8_p20") == kDays);
  CHECK(kTime.slots() == 210);
  CHECK(kTime.words() == 211);
  for (const char* wrong :
       {"", "hist", "ks_hist_", "ks_hist_time", "ks_hist_time_3_m20", "ks_hist_time_4_m20_p6",
        "ks_hist_time_3_20_6", "ks_hist_time_3_p6_m20", "ks_hist_time_3_p6_p6",
        "ks_hist_time_3_m31_p6", "ks_hist_time_3_m20_p12", "ks_hist_weeks_3_m20_p6",
        "ks_hist_time_3_m20_p6_x", "ks_hist_bytes_3_m1_p6", "ks_hist_time_-1_m20_p6",
        "ks_hist_time_3_m99999999999_p6"}) {
    CAPTURE(wrong);
    CHECK_FALSE(HistGrid::parse(wrong).has_value());
  }
}

TEST_CASE("both forms of a histogram come from the same counts") {
  HistRenderer renderer(kTime);
  std::vector<std::uint64_t> words(kTime.words());
  words[0] = 1'500'000'000;  // sum, ns
  words[1] = 5;              // zero bucket
  words[1 + 1] = 1;          // first bucket above it
  words[1 + 8] = 2;          // ends at 2^-19
  words[1 + 9] = 4;          // begins there
  words[kTime.slots()] = 7;  // beyond 2^6
  const HistogramView& view = renderer.render(words);
  CHECK(view.count == 19);
  CHECK(view.sum == Approx(1.5));
  CHECK(view.schema == 3);
  CHECK(view.zero_count == 5);
  CHECK(view.zero_threshold == std::exp2(-20));
  // (2^-20, 2^(-20 + 1/8)]: base 2^(1/8), so the index of the upper bound is -160 + 1.
  CHECK(view.first_index == -159);
  REQUIRE(view.native.size() == kTime.slots() - 1);
  CHECK(view.native.back() == 7);
  REQUIRE(view.bounds.size() == 27);
  CHECK(view.bounds.front() == std::exp2(-20));
  CHECK(view.bounds.back() == 64);
  CHECK(view.counts[0] == 5);
  CHECK(view.counts[1] == 3);
  CHECK(view.counts[2] == 4);
  const auto classic = std::accumulate(view.counts.begin(), view.counts.end(), std::uint64_t{0});
  CHECK(classic == view.count - 7);
}

TEST_CASE("an empty histogram is a histogram") {
  HistRenderer renderer(kBytes);
  const std::vector<std::uint64_t> words(kBytes.words());
  const HistogramView& view = renderer.render(words);
  CHECK(view.count == 0);
  CHECK(view.sum == 0);
  CHECK(view.has_native);
  CHECK(view.zero_threshold > 0);
}
