// SPDX-License-Identifier: Apache-2.0
// Everything that one scrape says, between the collectors that write it and the format that prints
// it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/metrics.h"

namespace kernstat {

/// Series that a page did not take, by reason.
struct DroppedSeries {
  std::uint64_t duplicate = 0;  ///< the same name and label text as a sample before
  std::uint64_t conflict = 0;   ///< a family name with two types or helps, or a sample of no family
  std::uint64_t limit = 0;      ///< beyond the limit of series

  std::uint64_t total() const { return duplicate + conflict + limit; }
};

/// A Families that keeps what it is told in a few growing arrays: families merged by name, samples
/// in the order in which they came. Names, help and label text are copied, so that nothing of a
/// collector is needed later. Used again with clear() it allocates nothing once it has grown.
///
/// Label sets that differ only in the order of their labels are not recognised as duplicates:
/// collectors write a family's labels in one order, and the text file reader sorts them.
class Page final : public Families {
 public:
  static constexpr std::uint32_t kEnd = UINT32_MAX;
  static constexpr std::size_t kDefaultSeriesLimit = 20'000;

  enum class Kind : std::uint8_t { kDouble, kInteger, kHistogram };

  /// What the scraper makes of a histogram: a series for each bucket, for the sum and for the
  /// count, or one native series.
  enum class Counting : std::uint8_t { kClassic, kNative };

  /// A place in the page's text.
  struct Text {
    std::uint32_t begin = 0;
    std::uint32_t size = 0;
  };
  struct Sample {
    std::uint32_t family = 0;
    std::uint32_t next = kEnd;  ///< of the same family
    Text labels;
    Text suffix;  ///< what part() appends to the family's name; mostly empty
    Kind kind = Kind::kDouble;
    union {
      double number = 0;
      std::uint64_t integer;
      std::uint64_t histogram;  ///< index for histogram_of()
    };
  };
  struct Family {
    Text name;
    Text help;
    MetricType type = MetricType::kGauge;
    std::uint32_t first = kEnd;  ///< index of its first sample
    std::uint32_t last = kEnd;
    std::uint64_t hash = 0;
  };

  explicit Page(std::size_t series_limit = kDefaultSeriesLimit) : series_limit_(series_limit) {}

  void family(const Metric& metric) override;
  bool conflicts(const Metric& metric) const override;
  void sample(std::string_view labels, double value) override;
  void sample(std::string_view labels, std::uint64_t value) override;
  void histogram(std::string_view labels, const HistogramView& histogram) override;
  void part(std::string_view suffix, std::string_view labels, double value) override;
  /// Series taken, as the scraper will count them. This is what the limit limits; limits of bytes
  /// are the printers'.
  std::size_t series() const { return series_; }
  std::size_t said() const override { return series_ + dropped_.limit; }

  /// Forgets all samples, keeps the memory.
  void clear(std::size_t series_limit, Counting counting);
  void clear(std::size_t series_limit) { clear(series_limit, Counting::kClassic); }
  void clear() { clear(series_limit_, counting_); }
  /// What is said from here to the next clear() is taken whatever the limit.
  void lift_limit() { series_limit_now_ = SIZE_MAX; }
  /// Sorts the families by name. To be called after the last sample and before the functions below.
  void finish();

  /// Indices of the families, by name; those without samples too.
  std::span<const std::uint32_t> by_name() const { return order_; }
  const Family& family_at(std::uint32_t index) const { return families_[index]; }
  const Sample& sample_at(std::uint32_t index) const { return samples_[index]; }
  std::string_view text(Text place) const {
    return std::string_view(text_).substr(place.begin, place.size);
  }
  HistogramView histogram_of(const Sample& sample) const;
  /// The series that it is for the scraper.
  std::uint32_t series_of(const Sample& sample) const {
    if (sample.kind != Kind::kHistogram) return 1;
    const Histogram& kept = histograms_[sample.histogram];
    return series_of(kept.bounds_size, kept.has_native);
  }
  /// Identifies the classic bounds of a histogram within this page.
  std::uint32_t bounds_id(const Sample& sample) const {
    return histograms_[sample.histogram].bounds_begin;
  }
  /// The family of exactly this name, or nullptr.
  const Family* find(std::string_view name) const;

  const DroppedSeries& dropped() const { return dropped_; }
  /// Words about the first sample that was dropped; empty when none was.
  const std::string& first_problem() const { return first_problem_; }
  /// Bytes that the arrays hold on to.
  std::size_t memory() const;

 private:
  // The numbers of a HistogramView and where its arrays are.
  struct Histogram {
    std::uint32_t bounds_begin = 0;
    std::uint32_t bounds_size = 0;
    std::uint32_t counts_begin = 0;
    std::uint32_t native_begin = 0;
    std::uint32_t native_size = 0;
    std::int32_t first_index = 0;
    std::int32_t schema = 0;
    bool has_native = false;
    double zero_threshold = 0;
    std::uint64_t zero_count = 0;
    std::uint64_t count = 0;
    double sum = 0;
  };

  Text keep(std::string_view text);
  Sample* add(std::string_view suffix, std::string_view labels, std::uint32_t series = 1);
  std::uint32_t series_of(std::size_t bounds, bool has_native) const {
    // The bound +Inf, the sum and the count come on top.
    return has_native && counting_ == Counting::kNative ? 1
                                                        : static_cast<std::uint32_t>(bounds + 3);
  }
  bool insert_series(std::uint64_t hash, const Sample& candidate, std::string_view suffix,
                     std::string_view labels);
  void keep_bounds(std::span<const double> bounds, Histogram& into);
  void drop(std::uint64_t& counter, std::string_view why, std::string_view labels,
            std::uint32_t series = 1);

  std::size_t series_limit_;
  std::size_t series_limit_now_ = series_limit_;
  std::size_t series_ = 0;
  Counting counting_ = Counting::kClassic;
  std::string text_;
  std::vector<Family> families_;
  std::vector<Sample> samples_;
  std::vector<Histogram> histograms_;
  std::vector<double> bounds_;
  std::vector<std::uint64_t> counts_;
  // Open addressing, a power of two of slots: index + 1, 0 is free.
  std::vector<std::uint32_t> family_slots_;
  struct SeriesSlot {
    std::uint32_t hash = 0;
    std::uint32_t sample = 0;  // index + 1, 0 is free
  };
  std::vector<SeriesSlot> series_slots_;
  std::vector<std::uint32_t> order_;
  std::uint32_t current_ = kEnd;
  DroppedSeries dropped_;
  std::string first_problem_;
};

}  // namespace kernstat
