// SPDX-License-Identifier: Apache-2.0
// What a collector says, as the text of a scrape: for exact comparisons in unit tests.
#pragma once

#include <string>

#include "collectors/collector.h"
#include "daemon/page.h"
#include "daemon/render_text.h"

namespace kernstat {

/// The text 0.0.4 of what `write(Families&)` says, families by name. What the page dropped is added
/// as a last line that no exposition has, so that no comparison overlooks it.
template <typename Write>
std::string page_text(const Write& write) {
  Page page;
  write(page);
  page.finish();
  std::string text;
  render_text(page, text);
  if (page.dropped().total() != 0) text += "!! dropped: " + page.first_problem() + "\n";
  return text;
}

/// The same of a collector after its last publish().
inline std::string collector_text(const Collector& collector, bool current = true) {
  return page_text([&](Families& out) { collector.write(out, current); });
}

}  // namespace kernstat
