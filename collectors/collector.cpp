// SPDX-License-Identifier: Apache-2.0
#include "collectors/collector.h"

#include <algorithm>

namespace kernstat {
namespace {

std::vector<CollectorSpec>& collectors() {
  static std::vector<CollectorSpec> list;
  return list;
}

}  // namespace

Registration::Registration(CollectorSpec spec) {
  auto& list = collectors();
  const auto place = std::lower_bound(list.begin(), list.end(), spec,
                                      [](const auto& a, const auto& b) { return a.name < b.name; });
  list.insert(place, std::move(spec));
}

const std::vector<CollectorSpec>& registered_collectors() { return collectors(); }

}  // namespace kernstat
