// SPDX-License-Identifier: Apache-2.0
#include "daemon/grid.h"

#include <catch2/catch.hpp>
#include <set>
#include <string>

#include "daemon/stretch.h"

using namespace kernstat;

namespace {
constexpr std::int64_t kSecond = 1'000'000'000;
}  // namespace

TEST_CASE("grid: the next point is later, on the grid, and at most an interval away") {
  for (const std::int64_t phase : {std::int64_t{0}, std::int64_t{5'500'000}, 59 * kSecond + 7}) {
    for (const std::int64_t interval : {kSecond / 10, kSecond, 15 * kSecond}) {
      for (const std::int64_t after : {std::int64_t{0}, phase, 100 * kSecond, 100 * kSecond + 1}) {
        const std::int64_t next = Grid::next(after, interval, {phase});
        CHECK(next > after);
        CHECK(next - after <= interval);
        CHECK((next - phase) % interval == 0);
      }
    }
  }
}

TEST_CASE("grid: intervals that divide each other share their points") {
  const Grid::Phase phase = Grid::phase_of("some machine");
  const std::int64_t slow = Grid::next(1000 * kSecond, 30 * kSecond, phase);
  for (const std::int64_t interval : {kSecond / 10, kSecond, 5 * kSecond, 10 * kSecond}) {
    CHECK(Grid::next(slow - 1, interval, phase) == slow);
  }
}

TEST_CASE("grid: machines differ, and stay off every timer tick") {
  std::set<std::int64_t> phases;
  for (int i = 0; i < 1000; ++i) {
    const std::int64_t phase = Grid::phase_of("machine " + std::to_string(i)).ns;
    phases.insert(phase);
    CHECK(phase >= 0);
    CHECK(phase < 60 * kSecond);
    for (const std::int64_t hz : {100, 250, 300, 1000}) {
      // Distance from the nearest multiple of 1/hz, in units of 1/hz ns.
      const std::int64_t rest = phase * hz % kSecond;
      CHECK(std::min(rest, kSecond - rest) / hz >= 490'000);
    }
  }
  CHECK(phases.size() > 900);
}

TEST_CASE("stretch: a dear collector is read less often, up to 15 s, and a cheap one is not") {
  using namespace std::chrono_literals;
  Stretch stretch(1s);
  const auto window = [&](std::chrono::nanoseconds cost) {
    bool changed = false;
    for (int i = 0; i < Stretch::kWindow; ++i) changed = stretch.count(cost);
    return changed;
  };
  CHECK_FALSE(window(900us));
  CHECK(stretch.interval() == 1s);
  CHECK(window(1100us));
  CHECK(stretch.interval() == 2s);
  CHECK_FALSE(window(1100us));
  CHECK(stretch.interval() == 2s);
  CHECK(window(100ms));
  CHECK(window(100ms));
  CHECK(stretch.interval() == 8s);
  CHECK_FALSE(window(100ms));  // 16 s would be too seldom
  CHECK(stretch.interval() == 8s);
  CHECK(window(1ms));  // cheap again
  CHECK(window(100us));
  CHECK(window(100us));
  CHECK(stretch.interval() == 1s);
  CHECK_FALSE(window(1ns));
  CHECK(stretch.interval() == 1s);
}

TEST_CASE("stretch: one dear read among cheap ones changes nothing") {
  using namespace std::chrono_literals;
  Stretch stretch(1s);
  for (int i = 0; i < 10 * Stretch::kWindow; ++i) {
    CHECK_FALSE(stretch.count(i % Stretch::kWindow == 0 ? 7ms : 100us));
  }
}
