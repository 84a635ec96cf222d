// SPDX-License-Identifier: Apache-2.0
// Families whose names are made of a kernel file's keys.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "collectors/metrics.h"

namespace kernstat {

/// One family per key, named prefix + key, found by the key's place in the file. Used in write(),
/// which holds the collector's lock. Names and helps live as long as the process.
class DerivedMetrics {
 public:
  /// `source` is the file, for the help text.
  DerivedMetrics(std::string prefix, MetricType type, std::string source)
      : prefix_(std::move(prefix)), type_(type), source_(std::move(source)) {}

  /// The family of `key`, whose place is `position`. Allocates only when the key there is new.
  const Metric& get(std::size_t position, std::string_view key);

 private:
  struct Entry {
    std::string key;
    Metric metric;
  };
  std::string prefix_;
  MetricType type_;
  std::string source_;
  std::vector<Entry> entries_;
};

}  // namespace kernstat
