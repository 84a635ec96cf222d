// SPDX-License-Identifier: Apache-2.0
#include "daemon/protobuf_metric.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

#include "daemon/label_text.h"
#include "daemon/protobuf_wire.h"

namespace kernstat {
namespace {

using protobuf::append_bytes;
using protobuf::append_double;
using protobuf::append_sint;
using protobuf::append_uint;
using protobuf::append_varint;

// Field numbers of io.prometheus.client (client_model, metrics.proto).
namespace metric {
constexpr std::uint32_t kLabel = 1, kGauge = 2, kCounter = 3, kSummary = 4, kUntyped = 5,
                        kHistogram = 7;
}  // namespace metric
namespace histogram {
constexpr std::uint32_t kCount = 1, kSum = 2, kBucket = 3, kSchema = 5, kZeroThreshold = 6,
                        kZeroCount = 7, kPositiveSpan = 12, kPositiveDelta = 13;
}  // namespace histogram

std::uint32_t value_field(MetricType type) {
  switch (type) {
    case MetricType::kCounter:
      return metric::kCounter;
    case MetricType::kGauge:
    case MetricType::kInfo:
      return metric::kGauge;
    default:
      return metric::kUntyped;
  }
}

void append_label(std::string& out, const LabelText& label, std::string& value, std::string& pair) {
  value.clear();
  append_unescaped(value, label.value);
  pair.clear();
  append_bytes(pair, 1, label.name);
  append_bytes(pair, 2, value);
  append_bytes(out, metric::kLabel, pair);
}

// A count out of a text file: NaN and what no count can be become 0.
std::uint64_t to_count(double value) {
  if (!(value > 0)) return 0;
  return value < 1.8e19 ? static_cast<std::uint64_t>(value)
                        : std::numeric_limits<std::uint64_t>::max();
}

double to_double(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  double value = std::numeric_limits<double>::quiet_NaN();
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

void append_bucket(std::string& out, double bound, std::uint64_t cumulative, std::string& small) {
  small.clear();
  append_uint(small, 1, cumulative);
  append_double(small, 2, bound);
  append_bytes(out, histogram::kBucket, small);
}

// Buckets that hold something, and gaps of at most two empty ones between them: a span costs more
// than two zero deltas.
constexpr std::size_t kLongestGap = 2;

}  // namespace

void ProtobufMetric::append_labels(std::string_view labels) {
  LabelText label;
  while (next_label(labels, label)) append_label(metric_, label, small_, packed_);
}

std::string_view ProtobufMetric::encode(const Page::Sample& sample, MetricType type) {
  metric_.clear();
  append_labels(page_.text(sample.labels));
  inner_.clear();
  if (sample.kind == Page::Kind::kHistogram) {
    append_histogram(page_.histogram_of(sample));
    append_bytes(metric_, metric::kHistogram, inner_);
    return metric_;
  }
  append_double(
      inner_, 1,
      sample.kind == Page::Kind::kInteger ? static_cast<double>(sample.integer) : sample.number);
  append_bytes(metric_, value_field(type), inner_);
  return metric_;
}

void ProtobufMetric::append_histogram(const HistogramView& view) {
  append_uint(inner_, histogram::kCount, view.count);
  append_double(inner_, histogram::kSum, view.sum);
  std::uint64_t cumulative = 0;
  for (std::size_t i = 0; i < view.bounds.size(); ++i) {
    cumulative += view.counts[i];
    append_bucket(inner_, view.bounds[i], cumulative, small_);
  }
  append_bucket(inner_, std::numeric_limits<double>::infinity(), view.count, small_);
  if (view.has_native) append_native(view);
}

void ProtobufMetric::append_native(const HistogramView& view) {
  append_sint(inner_, histogram::kSchema, view.schema);
  append_double(inner_, histogram::kZeroThreshold, view.zero_threshold);
  append_uint(inner_, histogram::kZeroCount, view.zero_count);
  packed_.clear();
  std::int64_t next_index = 0;  // the bucket after the last span
  std::int64_t last_count = 0;
  bool first = true;
  const auto& native = view.native;
  for (std::size_t begin = 0; begin < native.size();) {
    if (native[begin] == 0) {
      ++begin;
      continue;
    }
    std::size_t end = begin + 1;
    for (std::size_t i = end; i < native.size() && i - end <= kLongestGap; ++i) {
      if (native[i] != 0) end = i + 1;
    }
    const std::int64_t index = view.first_index + static_cast<std::int64_t>(begin);
    small_.clear();
    append_sint(small_, 1, index - next_index);
    append_uint(small_, 2, end - begin);
    append_bytes(inner_, histogram::kPositiveSpan, small_);
    for (; begin < end; ++begin) {
      const auto count = static_cast<std::int64_t>(native[begin]);
      append_varint(packed_, protobuf::zigzag(count - last_count));
      last_count = count;
    }
    next_index = view.first_index + static_cast<std::int64_t>(end);
    first = false;
  }
  if (first) {
    // Without any span a histogram that has no observations would be taken for a classic one.
    small_.clear();
    append_sint(small_, 1, 0);
    append_uint(small_, 2, 0);
    append_bytes(inner_, histogram::kPositiveSpan, small_);
  } else {
    append_bytes(inner_, histogram::kPositiveDelta, packed_);
  }
}

ProtobufParts::ProtobufParts(const Page& page, const Page::Family& family) {
  collect(page, family);
  for (Group& group : groups_) {
    std::stable_sort(group.points.begin(), group.points.end(),
                     [](const auto& a, const auto& b) { return a.first < b.first; });
    messages_.push_back(encode(group, family.type));
    samples_.push_back(group.samples);
  }
}

void ProtobufParts::collect(const Page& page, const Page::Family& family) {
  const std::string_view point = family.type == MetricType::kHistogram ? "le" : "quantile";
  std::string labels;
  std::string value;
  std::string pair;
  for (std::uint32_t i = family.first; i != Page::kEnd; i = page.sample_at(i).next) {
    const Page::Sample& sample = page.sample_at(i);
    if (sample.kind == Page::Kind::kHistogram) continue;
    labels.clear();
    double at = std::numeric_limits<double>::quiet_NaN();
    std::string_view rest = page.text(sample.labels);
    LabelText label;
    while (next_label(rest, label)) {
      if (label.name == point) {
        at = to_double(label.value);
      } else {
        append_label(labels, label, value, pair);
      }
    }
    const auto [found, added] = by_labels_.try_emplace(labels, groups_.size());
    if (added) groups_.emplace_back().labels = labels;
    Group& group = groups_[found->second];
    ++group.samples;
    const double number =
        sample.kind == Page::Kind::kInteger ? static_cast<double>(sample.integer) : sample.number;
    const std::string_view suffix = page.text(sample.suffix);
    if (suffix == "_sum") {
      group.sum = number;
    } else if (suffix == "_count") {
      group.count = number;
    } else if (!std::isnan(at)) {
      group.points.emplace_back(at, number);
    }
  }
}

std::string ProtobufParts::encode(const Group& group, MetricType type) {
  std::string inner;
  std::string small;
  append_uint(inner, 1, to_count(group.count));
  append_double(inner, 2, group.sum);
  for (const auto& [at, value] : group.points) {
    if (type == MetricType::kHistogram) {
      append_bucket(inner, at, to_count(value), small);
      continue;
    }
    small.clear();
    append_double(small, 1, at);
    append_double(small, 2, value);
    append_bytes(inner, 3, small);
  }
  std::string message = group.labels;
  append_bytes(message, type == MetricType::kHistogram ? metric::kHistogram : metric::kSummary,
               inner);
  return message;
}

}  // namespace kernstat
