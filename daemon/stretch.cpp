// SPDX-License-Identifier: Apache-2.0
#include "daemon/stretch.h"

namespace kernstat {

bool Stretch::count(std::chrono::nanoseconds cpu) {
  sum_ += cpu;
  if (++reads_ < kWindow) return false;
  const double mean = static_cast<double>(sum_.count()) / kWindow;
  sum_ = std::chrono::nanoseconds(0);
  reads_ = 0;
  const double share = mean / static_cast<double>(interval().count());
  if (share > kMostCost && interval() * 2 <= kLongest) {
    factor_ *= 2;
    return true;
  }
  // At half the interval the share is twice as high.
  if (factor_ > 1 && share * 2 < kMostCost / 2) {
    factor_ /= 2;
    return true;
  }
  return false;
}

}  // namespace kernstat
