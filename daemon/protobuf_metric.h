// SPDX-License-Identifier: Apache-2.0
// The Metric messages of one family.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "daemon/page.h"

namespace kernstat {

/// Makes Metric messages; the returned text is valid until the next call.
class ProtobufMetric {
 public:
  explicit ProtobufMetric(const Page& page) : page_(page) {}

  /// The message of one sample of a family of type `type`, which part() did not add.
  std::string_view encode(const Page::Sample& sample, MetricType type);

 private:
  void append_labels(std::string_view labels);
  void append_histogram(const HistogramView& view);
  void append_native(const HistogramView& view);

  const Page& page_;
  std::string metric_;
  std::string inner_;
  std::string small_;
  std::string packed_;
};

/// A histogram or summary that came as single lines (`_bucket`, `_sum`, `_count`, quantiles), put
/// together again.
class ProtobufParts {
 public:
  ProtobufParts(const Page& page, const Page::Family& family);

  /// The Metric messages, in the order in which their first lines came.
  const std::vector<std::string>& messages() const { return messages_; }
  /// How many samples went into each.
  const std::vector<std::uint32_t>& samples() const { return samples_; }

 private:
  struct Group {
    std::string labels;  // encoded
    double sum = 0;
    double count = 0;
    std::vector<std::pair<double, double>> points;  // upper bound or quantile, and its value
    std::uint32_t samples = 0;
  };
  void collect(const Page& page, const Page::Family& family);
  static std::string encode(const Group& group, MetricType type);

  std::vector<Group> groups_;
  std::unordered_map<std::string, std::size_t> by_labels_;
  std::vector<std::string> messages_;
  std::vector<std::uint32_t> samples_;
};

}  // namespace kernstat
