// SPDX-License-Identifier: Apache-2.0
#include "collectors/support/attributes.h"

#include <cmath>

namespace kernstat {

Result<void> AttributeCollector::read_into(AttributeSample& sample, const Tick& tick) {
  constexpr std::int64_t kLookAgain = 60'000'000'000;
  if (!attributes_ || tick.monotonic_ns - found_ns_ >= kLookAgain) {
    auto found = find_();
    if (!found) {
      attributes_.reset();
      return fail(found.error());
    }
    attributes_ = std::make_shared<const std::vector<Attribute>>(std::move(*found));
    found_ns_ = tick.monotonic_ns;
  }
  sample.attributes = attributes_;
  sample.values.clear();
  for (const Attribute& attribute : *attributes_) {
    std::optional<double> value;
    const auto text = reader_.read(attribute.path.c_str());
    if (text && !attribute.equals.empty()) {
      value = trim(*text) == attribute.equals ? 1 : 0;
    } else if (text) {
      value = to_number<double>(trim(*text));
      if (value && !std::isfinite(*value)) value.reset();
    }
    if (value) *value *= attribute.scale;
    sample.values.push_back(value);
  }
  return {};
}

void AttributeCollector::write_sample(const AttributeSample& sample, Families& out) const {
  for (std::size_t i = 0; i < sample.values.size(); ++i) {
    if (!sample.values[i]) continue;
    out.family((*sample.attributes)[i].metric);
    out.sample((*sample.attributes)[i].labels, *sample.values[i]);
  }
}

}  // namespace kernstat
