// SPDX-License-Identifier: Apache-2.0
// Hardware whose numbers lie in one small sysfs file each: sensors, thermal zones, frequencies.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "collectors/collector.h"
#include "collectors/support/small_file.h"

namespace kernstat {

/// One file and the series that it is.
struct Attribute {
  std::string path;
  Metric metric;       ///< name and help: constants, or interned
  std::string labels;  ///< the text of Labels
  double scale = 1;    ///< the file's number times this is the value
  std::string equals;  ///< not empty: the value is 1 when the file says this word, else 0
};

struct AttributeSample {
  std::shared_ptr<const std::vector<Attribute>> attributes;
  std::vector<std::optional<double>> values;  // of attributes, in their order
};

/// Reads a list of attributes; looks for new ones every minute. A file that cannot be read or holds
/// no number is left out of that sample. For the slow lane: hardware may take its time.
class AttributeCollector final : public Sampled<AttributeSample> {
 public:
  /// Lists what there is now; kAbsent when there is nothing.
  using Find = std::function<Result<std::vector<Attribute>>()>;
  explicit AttributeCollector(Find find) : find_(std::move(find)) {}

 private:
  Result<void> read_into(AttributeSample& sample, const Tick& tick) override;
  void write_sample(const AttributeSample& sample, Families& out) const override;

  Find find_;
  std::shared_ptr<const std::vector<Attribute>> attributes_;
  std::int64_t found_ns_ = 0;
  SmallReader reader_;
};

}  // namespace kernstat
