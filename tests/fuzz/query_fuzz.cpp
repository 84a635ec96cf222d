// SPDX-License-Identifier: Apache-2.0
// Request targets and queries: what is accepted has no NUL byte and only known names.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "daemon/query.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace kernstat;
  static const std::vector<CollectorStatus> known = [] {
    std::vector<CollectorStatus> all(2);
    all[0].name = "cpu";
    all[1].name = "a b";
    return all;
  }();
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto decoded = percent_decode(text, true);
  if (decoded && (decoded->find('\0') != std::string::npos || decoded->size() > size)) {
    std::abort();
  }
  const auto target = parse_target(text);
  if (target && !target->path.starts_with('/')) std::abort();
  const auto selection = parse_selection(text, known);
  if (!selection) return selection.error().message.empty() ? std::abort(), 0 : 0;
  if (!selection->only.empty() && !selection->except.empty()) std::abort();
  if (selection->only.size() + selection->except.size() > known.size()) std::abort();
  return 0;
}
