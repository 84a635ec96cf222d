// SPDX-License-Identifier: Apache-2.0
// Label texts that are made once and found by a small number.
#pragma once

#include <cstddef>
#include <deque>
#include <string>

#include "collectors/support/labels.h"

namespace kernstat {

/// More CPUs than the kernel can be built for (CONFIG_NR_CPUS is at most 8192): a parser refuses
/// larger numbers.
inline constexpr std::size_t kMaxCpus = 8192;

/// Texts by index (a CPU's number, say). A text is made when its series is born. Used in write(),
/// which holds the collector's lock. The caller bounds the index.
class LabelTable {
 public:
  /// The text at `index`; `make()` gives it the first time. Stays valid.
  template <typename Make>
  const std::string& get(std::size_t index, Make&& make) {
    if (index >= texts_.size()) texts_.resize(index + 1);
    std::string& text = texts_[index];
    if (text.empty()) text = make();
    return text;
  }
  /// cpu="index".
  const std::string& cpu(std::size_t index) {
    return get(index, [index] { return Labels("cpu", std::to_string(index)).text(); });
  }

 private:
  std::deque<std::string> texts_;
};

}  // namespace kernstat
