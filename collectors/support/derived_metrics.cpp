// SPDX-License-Identifier: Apache-2.0
#include "collectors/support/derived_metrics.h"

#include "collectors/support/interned.h"

namespace kernstat {

const Metric& DerivedMetrics::get(std::size_t position, std::string_view key) {
  if (position >= entries_.size()) entries_.resize(position + 1);
  Entry& entry = entries_[position];
  if (entry.key != key) {
    entry.key = key;
    entry.metric.name = interned(prefix_ + entry.key);
    entry.metric.type = type_;
    entry.metric.help = interned("Field " + entry.key + " of " + source_ + ".");
  }
  return entry.metric;
}

}  // namespace kernstat
