// SPDX-License-Identifier: Apache-2.0
#include "daemon/grid.h"

#include <ctime>

namespace kernstat {

std::int64_t monotonic_now_ns() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * std::int64_t{1'000'000'000} + now.tv_nsec;
}

Grid::Phase Grid::phase_of(std::string_view machine_id) {
  std::uint64_t hash = 0xcbf29ce484222325;  // FNV-1a
  for (const char c : machine_id) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  }
  // Spread over a minute, so that slow collectors are spread as well.
  constexpr std::uint64_t kSlots = 6000;
  constexpr std::int64_t kSlotNs = 10'000'000;
  constexpr std::int64_t kOffTickNs = 5'500'000;
  return {static_cast<std::int64_t>((hash ^ (hash >> 32)) % kSlots) * kSlotNs + kOffTickNs};
}

std::int64_t Grid::next(std::int64_t after, std::int64_t interval, Phase phase) {
  std::int64_t since = (after - phase.ns) % interval;
  if (since < 0) since += interval;
  return after - since + interval;
}

}  // namespace kernstat
