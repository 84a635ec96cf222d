// SPDX-License-Identifier: Apache-2.0
#include "collectors/bpf/costs.h"

#include <algorithm>
#include <numeric>

#include "collectors/bpf/decoders.h"

namespace kernstat::bpf {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::int64_t kLongWindow = 30 * kSecond;
constexpr std::int64_t kShortWindow = 5 * kSecond;
constexpr double kMuchTooMuch = 4;
// What a run costs before its clock is read: the look-up of its counters. Found by comparison with
// BPF_ENABLE_STATS.
constexpr double kUntimedNs = 8;
constexpr std::int64_t kFirstBackOff = 60 * kSecond;
constexpr std::int64_t kLongestBackOff = 3600 * kSecond;

}  // namespace

Costs::Costs(std::vector<std::string> programs) : timed_(programs.size()) {
  for (std::string& program : programs) costs_.push_back({std::move(program), 0, 0});
}

void Costs::update(const Rows& rows) {
  for (std::size_t i = 0; i < rows.count; ++i) {
    const std::uint64_t slot = number_of(rows.key(i));
    const auto value = rows.value(i);
    if (slot >= costs_.size() || value.size() < 3) continue;
    ProgramCost& cost = costs_[slot];
    Timed& before = timed_[slot];
    // The runs since the last look cost what those timed since then did on average; when none was
    // timed, what all of them did. So the sum never goes back.
    const std::uint64_t runs = value[0] - cost.runs;
    std::uint64_t timed = value[1] - before.runs;
    std::uint64_t ns = value[2] - before.ns;
    if (timed == 0) {
      timed = value[1];
      ns = value[2];
    }
    const double mean = timed > 0 ? static_cast<double>(ns) / static_cast<double>(timed) : 0;
    cost.seconds += static_cast<double>(runs) * (mean + kUntimedNs) / 1e9;
    cost.runs = value[0];
    before = {value[1], value[2]};
  }
}

double Costs::seconds() const {
  return std::accumulate(costs_.begin(), costs_.end(), 0.0,
                         [](double sum, const ProgramCost& cost) { return sum + cost.seconds; });
}

bool Budget::exceeded(double seconds, std::int64_t now_ns) {
  if (!begun_) {
    resume(seconds, now_ns);
    begun_ = true;
    return false;
  }
  const std::int64_t elapsed = now_ns - window_ns_;
  if (elapsed < kShortWindow) return false;
  const double share = (seconds - window_seconds_) / (static_cast<double>(elapsed) / 1e9);
  if (elapsed < kLongWindow && share <= kMuchTooMuch * share_) return false;
  last_share_ = share;
  window_seconds_ = seconds;
  window_ns_ = now_ns;
  return share > share_;
}

void Budget::shed(std::int64_t now_ns) {
  back_off_ns_ = back_off_ns_ == 0 ? kFirstBackOff : std::min(2 * back_off_ns_, kLongestBackOff);
  resume_ns_ = now_ns + back_off_ns_;
}

void Budget::resume(double seconds, std::int64_t now_ns) {
  window_seconds_ = seconds;
  window_ns_ = now_ns;
}

}  // namespace kernstat::bpf
