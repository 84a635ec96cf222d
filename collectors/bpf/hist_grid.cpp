// SPDX-License-Identifier: Apache-2.0
#include "collectors/bpf/hist_grid.h"

#include <array>
#include <cmath>
#include <numeric>
#include <utility>

#include "collectors/support/text.h"

namespace kernstat::bpf {
namespace {

constexpr int kMaxSchema = 3;
constexpr int kMaxExponent = 62;

std::string_view next_part(std::string_view& text) {
  const auto end = text.find('_');
  const std::string_view part = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return part;
}

// m20 is -20, p6 is 6.
std::optional<int> exponent(std::string_view text) {
  if (text.size() < 2 || (text[0] != 'm' && text[0] != 'p')) return std::nullopt;
  const auto number = to_number<int>(text.substr(1));
  if (!number || *number < 0 || *number > kMaxExponent) return std::nullopt;
  return text[0] == 'm' ? -*number : *number;
}

std::optional<HistUnit> unit_of(std::string_view text) {
  constexpr std::array<std::pair<std::string_view, HistUnit>, 4> kUnits{
      {{"time", HistUnit::kTime},
       {"days", HistUnit::kDays},
       {"bytes", HistUnit::kBytes},
       {"count", HistUnit::kCount}}};
  for (const auto& [name, unit] : kUnits) {
    if (name == text) return unit;
  }
  return std::nullopt;
}

// What the kernel side can count: no bucket below one unit, none beyond its clamp.
bool in_range(const HistGrid& grid) {
  switch (grid.unit) {
    case HistUnit::kTime:
      return grid.first >= -30 && grid.last <= 11;
    case HistUnit::kDays:
      return grid.first >= -10 && grid.last <= 32;
    default:
      return grid.first >= 0;
  }
}

}  // namespace

std::optional<HistGrid> HistGrid::parse(std::string_view struct_name) {
  constexpr std::string_view kPrefix = "ks_hist_";
  if (!struct_name.starts_with(kPrefix)) return std::nullopt;
  struct_name.remove_prefix(kPrefix.size());
  const auto unit = unit_of(next_part(struct_name));
  const auto schema = to_number<int>(next_part(struct_name));
  const auto first = exponent(next_part(struct_name));
  const auto last = exponent(next_part(struct_name));
  if (!unit || !schema || !first || !last || !struct_name.empty()) return std::nullopt;
  if (*schema < 0 || *schema > kMaxSchema || *last <= *first) return std::nullopt;
  const HistGrid grid{*unit, *schema, *first, *last};
  if (!in_range(grid)) return std::nullopt;
  return grid;
}

double HistGrid::sum_scale() const {
  switch (unit) {
    case HistUnit::kTime:
      return 1e-9;
    case HistUnit::kDays:
      return 1e-6;
    default:
      return 1;
  }
}

HistRenderer::HistRenderer(const HistGrid& grid) : grid_(grid) {
  for (int e = grid.first; e <= grid.last; ++e) bounds_.push_back(std::ldexp(1.0, e));
  classic_.resize(bounds_.size());
  view_.bounds = bounds_;
  view_.counts = classic_;
  view_.has_native = true;
  view_.schema = grid.schema;
  // Bucket i is (base^(i-1), base^i]: the first above 2^first has index first * 2^schema + 1.
  view_.first_index = grid.first * (1 << grid.schema) + 1;
  view_.zero_threshold = bounds_.front();
}

const HistogramView& HistRenderer::render(std::span<const std::uint64_t> words) {
  const auto slots = words.subspan(1);
  const std::size_t per_doubling = std::size_t{1} << grid_.schema;
  classic_[0] = slots[0];
  for (std::size_t i = 1; i < classic_.size(); ++i) {
    const auto doubling = slots.subspan(1 + (i - 1) * per_doubling, per_doubling);
    classic_[i] = std::accumulate(doubling.begin(), doubling.end(), std::uint64_t{0});
  }
  view_.native = slots.subspan(1);
  view_.zero_count = slots[0];
  view_.count = std::accumulate(slots.begin(), slots.end(), std::uint64_t{0});
  view_.sum = static_cast<double>(words[0]) * grid_.sum_scale();
  return view_;
}

}  // namespace kernstat::bpf
