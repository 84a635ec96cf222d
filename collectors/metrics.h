// SPDX-License-Identifier: Apache-2.0
// What a collector says at a scrape: families and their samples, in its own order.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace kernstat {

/// Types as OpenMetrics 1.0 names them. Text 0.0.4 prints kUnknown as untyped and kInfo as gauge;
/// kSummary comes from text files only.
enum class MetricType : std::uint8_t { kCounter, kGauge, kUnknown, kInfo, kHistogram, kSummary };

/// Name, type and help of a family. All three must stay valid while the Families lives: constants,
/// mostly. The name is the full one of text 0.0.4 (counters with `_total`, infos with `_info`).
struct Metric {
  std::string_view name;
  MetricType type = MetricType::kGauge;
  std::string_view help;  ///< one sentence with a full stop that names the source in the kernel
};

/// One histogram series, twice: as a native histogram and as classic buckets of the same
/// observations. Bounds are upper inclusive (x <= bound), as both forms want it.
struct HistogramView {
  // Classic: counts[i] observations lie in (bounds[i-1], bounds[i]]; NOT cumulative; what lies
  // above the last bound is count minus their sum.
  std::span<const double> bounds;
  std::span<const std::uint64_t> counts;
  // Native (Prometheus exponential buckets): native[i] observations lie in bucket first_index + i,
  // that is in (base^(index-1), base^index] with base = 2^(2^-schema). Empty span with has_native:
  // no observation yet.
  bool has_native = false;
  int schema = 0;
  int first_index = 0;
  std::span<const std::uint64_t> native;
  double zero_threshold = 0;
  std::uint64_t zero_count =
      0;  ///< observations x <= zero_threshold; they are in counts[0] or lower classic buckets too
  std::uint64_t count = 0;  ///< all observations
  double sum = 0;
};

/// Receives the families of all collectors during one scrape. Copies label text, values and
/// histograms, so that nothing of the collector is needed once its write() has returned. Not
/// thread-safe; bounded by the scrape's series limit, beyond which samples are dropped and counted.
class Families {
 public:
  Families() = default;
  virtual ~Families() = default;
  Families(const Families&) = delete;
  Families& operator=(const Families&) = delete;
  Families(Families&&) = delete;
  Families& operator=(Families&&) = delete;

  /// Begins or goes on with a family; the samples that follow belong to it. The same name with
  /// another type or help drops those samples and counts them.
  virtual void family(const Metric& metric) = 0;

  /// A sample of the current family. `labels` is the text of Labels, may be empty.
  virtual void sample(std::string_view labels, double value) = 0;
  /// The same for whole numbers, printed exactly.
  virtual void sample(std::string_view labels, std::uint64_t value) = 0;
  /// A histogram series of the current family, whose type is kHistogram.
  virtual void histogram(std::string_view labels, const HistogramView& histogram) = 0;
  /// A sample under another name of the current family: `suffix` is appended to its name (`_sum`,
  /// `_count`,
  /// `_bucket`): histograms and summaries that come as text. `labels` includes le or quantile.
  virtual void part(std::string_view suffix, std::string_view labels, double value) = 0;

  /// True when the family's name has been said with another type or help: its samples are dropped.
  virtual bool conflicts(const Metric& /*metric*/) const { return false; }

  /// Series said so far, beyond a limit too; how many a histogram is depends on who will read them.
  virtual std::size_t said() const { return 0; }

  /// A family without labels.
  template <typename T>
  void single(const Metric& metric, T value) {
    family(metric);
    sample({}, value);
  }
};

}  // namespace kernstat
