// SPDX-License-Identifier: Apache-2.0
#include "daemon/page.h"

#include <algorithm>
#include <functional>

namespace kernstat {
namespace {

std::uint64_t hash_of(std::string_view text) { return std::hash<std::string_view>{}(text); }

// std::hash is good in all bits, but two of them must not simply cancel each other out.
std::uint64_t mix(std::uint64_t a, std::uint64_t b) {
  return (a ^ (b + 0x9E3779B97F4A7C15U + (a << 6U) + (a >> 2U))) * 0xD6E8FEB86659FD93U;
}

constexpr std::size_t kFirstSlots = 1024;

}  // namespace

Page::Text Page::keep(std::string_view text) {
  const Text place{static_cast<std::uint32_t>(text_.size()),
                   static_cast<std::uint32_t>(text.size())};
  text_.append(text);
  return place;
}

void Page::drop(std::uint64_t& counter, std::string_view why, std::string_view labels,
                std::uint32_t series) {
  counter += series;
  if (!first_problem_.empty()) return;
  if (current_ != kEnd) first_problem_ += text(families_[current_].name);
  first_problem_.append("{").append(labels).append("}: ").append(why);
}

void Page::family(const Metric& metric) {
  const std::uint64_t hash = hash_of(metric.name);
  if (family_slots_.size() < 2 * (families_.size() + 1)) {
    family_slots_.assign(std::max(kFirstSlots, 2 * family_slots_.size()), 0);
    for (std::uint32_t i = 0; i < families_.size(); ++i) {
      std::size_t slot = families_[i].hash & (family_slots_.size() - 1);
      while (family_slots_[slot] != 0) slot = (slot + 1) & (family_slots_.size() - 1);
      family_slots_[slot] = i + 1;
    }
  }
  std::size_t slot = hash & (family_slots_.size() - 1);
  for (; family_slots_[slot] != 0; slot = (slot + 1) & (family_slots_.size() - 1)) {
    const std::uint32_t index = family_slots_[slot] - 1;
    const Family& known = families_[index];
    if (known.hash != hash || text(known.name) != metric.name) continue;
    const bool same = known.type == metric.type && text(known.help) == metric.help;
    current_ = same ? index : kEnd;
    if (!same && first_problem_.empty()) {
      first_problem_.append(metric.name).append(": given with two types or two helps");
    }
    return;
  }
  current_ = static_cast<std::uint32_t>(families_.size());
  family_slots_[slot] = current_ + 1;
  families_.push_back({keep(metric.name), keep(metric.help), metric.type, kEnd, kEnd, hash});
}

bool Page::conflicts(const Metric& metric) const {
  const Family* const known = find(metric.name);
  return known != nullptr && (known->type != metric.type || text(known->help) != metric.help);
}

const Page::Family* Page::find(std::string_view name) const {
  if (family_slots_.empty()) return nullptr;
  const std::uint64_t hash = hash_of(name);
  std::size_t slot = hash & (family_slots_.size() - 1);
  for (; family_slots_[slot] != 0; slot = (slot + 1) & (family_slots_.size() - 1)) {
    const Family& known = families_[family_slots_[slot] - 1];
    if (known.hash == hash && text(known.name) == name) return &known;
  }
  return nullptr;
}

bool Page::insert_series(std::uint64_t hash, const Sample& candidate, std::string_view suffix,
                         std::string_view labels) {
  if (series_slots_.size() < 2 * (samples_.size() + 1)) {
    std::vector<SeriesSlot> grown(std::max(kFirstSlots, 2 * series_slots_.size()));
    std::swap(grown, series_slots_);
    for (const SeriesSlot& old : grown) {
      if (old.sample == 0) continue;
      std::size_t slot = old.hash & (series_slots_.size() - 1);
      while (series_slots_[slot].sample != 0) slot = (slot + 1) & (series_slots_.size() - 1);
      series_slots_[slot] = old;
    }
  }
  const auto short_hash = static_cast<std::uint32_t>(hash >> 32U);
  std::size_t slot = short_hash & (series_slots_.size() - 1);
  for (; series_slots_[slot].sample != 0; slot = (slot + 1) & (series_slots_.size() - 1)) {
    if (series_slots_[slot].hash != short_hash) continue;
    const Sample& other = samples_[series_slots_[slot].sample - 1];
    if (other.family == candidate.family && text(other.labels) == labels &&
        text(other.suffix) == suffix) {
      return false;
    }
  }
  series_slots_[slot] = {short_hash, static_cast<std::uint32_t>(samples_.size() + 1)};
  return true;
}

Page::Sample* Page::add(std::string_view suffix, std::string_view labels, std::uint32_t series) {
  if (current_ == kEnd) {
    drop(dropped_.conflict, "a sample of no family, or of one with two types or helps", labels,
         series);
    return nullptr;
  }
  // The text is addressed by 32 bits; no page that anyone can read comes near.
  if (series_ + series > series_limit_now_ || text_.size() > (std::size_t{1} << 31U)) {
    drop(dropped_.limit, "beyond the limit of series", labels, series);
    return nullptr;
  }
  Family& family = families_[current_];
  Sample sample;
  sample.family = current_;
  std::uint64_t hash = mix(family.hash, hash_of(labels));
  if (!suffix.empty()) hash = mix(hash, hash_of(suffix));
  if (!insert_series(hash, sample, suffix, labels)) {
    drop(dropped_.duplicate, "the same series a second time", labels, series);
    return nullptr;
  }
  series_ += series;
  sample.labels = keep(labels);
  sample.suffix = keep(suffix);
  const auto index = static_cast<std::uint32_t>(samples_.size());
  (family.first == kEnd ? family.first : samples_[family.last].next) = index;
  family.last = index;
  return &samples_.emplace_back(sample);
}

void Page::sample(std::string_view labels, double value) {
  if (Sample* const added = add({}, labels)) added->number = value;
}

void Page::sample(std::string_view labels, std::uint64_t value) {
  if (Sample* const added = add({}, labels)) {
    added->kind = Kind::kInteger;
    added->integer = value;
  }
}

void Page::part(std::string_view suffix, std::string_view labels, double value) {
  if (Sample* const added = add(suffix, labels)) added->number = value;
}

void Page::keep_bounds(std::span<const double> bounds, Histogram& into) {
  into.bounds_size = static_cast<std::uint32_t>(bounds.size());
  // The series of a family share their bounds; so do most families of one unit.
  if (!histograms_.empty()) {
    const Histogram& before = histograms_.back();
    const std::span<const double> kept =
        std::span(bounds_).subspan(before.bounds_begin, before.bounds_size);
    if (std::equal(kept.begin(), kept.end(), bounds.begin(), bounds.end())) {
      into.bounds_begin = before.bounds_begin;
      return;
    }
  }
  into.bounds_begin = static_cast<std::uint32_t>(bounds_.size());
  bounds_.insert(bounds_.end(), bounds.begin(), bounds.end());
}

void Page::histogram(std::string_view labels, const HistogramView& view) {
  const std::uint32_t series = series_of(view.bounds.size(), view.has_native);
  if (current_ != kEnd && families_[current_].type != MetricType::kHistogram) {
    drop(dropped_.conflict, "a histogram in a family of another type", labels, series);
    return;
  }
  Sample* const added = add({}, labels, series);
  if (added == nullptr) return;
  added->kind = Kind::kHistogram;
  added->histogram = histograms_.size();
  Histogram kept;
  keep_bounds(view.bounds, kept);
  kept.counts_begin = static_cast<std::uint32_t>(counts_.size());
  for (std::size_t i = 0; i < view.bounds.size(); ++i) {
    counts_.push_back(i < view.counts.size() ? view.counts[i] : 0);
  }
  const auto occupied = [](std::uint64_t count) { return count != 0; };
  const auto begin = std::find_if(view.native.begin(), view.native.end(), occupied);
  const auto end = std::find_if(view.native.rbegin(), view.native.rend(), occupied).base();
  kept.native_begin = static_cast<std::uint32_t>(counts_.size());
  if (begin < end) {
    counts_.insert(counts_.end(), begin, end);
    kept.native_size = static_cast<std::uint32_t>(end - begin);
    kept.first_index = view.first_index + static_cast<std::int32_t>(begin - view.native.begin());
  }
  kept.schema = view.schema;
  kept.has_native = view.has_native;
  kept.zero_threshold = view.zero_threshold;
  kept.zero_count = view.zero_count;
  kept.count = view.count;
  kept.sum = view.sum;
  histograms_.push_back(kept);
}

HistogramView Page::histogram_of(const Sample& sample) const {
  const Histogram& kept = histograms_[sample.histogram];
  HistogramView view;
  view.bounds = std::span(bounds_).subspan(kept.bounds_begin, kept.bounds_size);
  view.counts = std::span(counts_).subspan(kept.counts_begin, kept.bounds_size);
  view.native = std::span(counts_).subspan(kept.native_begin, kept.native_size);
  view.has_native = kept.has_native;
  view.schema = kept.schema;
  view.first_index = kept.first_index;
  view.zero_threshold = kept.zero_threshold;
  view.zero_count = kept.zero_count;
  view.count = kept.count;
  view.sum = kept.sum;
  return view;
}

void Page::clear(std::size_t series_limit, Counting counting) {
  series_limit_ = series_limit_now_ = series_limit;
  counting_ = counting;
  series_ = 0;
  text_.clear();
  families_.clear();
  samples_.clear();
  histograms_.clear();
  bounds_.clear();
  counts_.clear();
  std::fill(family_slots_.begin(), family_slots_.end(), 0);
  std::fill(series_slots_.begin(), series_slots_.end(), SeriesSlot{});
  current_ = kEnd;
  dropped_ = {};
  first_problem_.clear();
}

void Page::finish() {
  const auto before = [this](std::uint32_t a, std::uint32_t b) {
    return text(families_[a].name) < text(families_[b].name);
  };
  // Collectors come in the same order each time: the last order mostly still holds.
  if (order_.size() == families_.size() && std::is_sorted(order_.begin(), order_.end(), before)) {
    return;
  }
  order_.resize(families_.size());
  for (std::uint32_t i = 0; i < order_.size(); ++i) order_[i] = i;
  std::sort(order_.begin(), order_.end(), before);
}

std::size_t Page::memory() const {
  return text_.capacity() + (families_.capacity() * sizeof(Family)) +
         (samples_.capacity() * sizeof(Sample)) + (histograms_.capacity() * sizeof(Histogram)) +
         ((bounds_.capacity() + counts_.capacity()) * sizeof(double)) +
         ((family_slots_.capacity() + order_.capacity()) * sizeof(std::uint32_t)) +
         (series_slots_.capacity() * sizeof(SeriesSlot));
}

}  // namespace kernstat
