// SPDX-License-Identifier: Apache-2.0
#include "collectors/bpf/units.h"

#include <unistd.h>

namespace kernstat::bpf {

BaseUnit base_unit(Unit unit) {
  switch (unit) {
    case Unit::kNanoseconds:
      return {"seconds", 1e-9};
    case Unit::kMicroseconds:
      return {"seconds", 1e-6};
    case Unit::kMilliseconds:
      return {"seconds", 1e-3};
    case Unit::kBytes:
      return {"bytes", 1};
    case Unit::kPages:
      return {"bytes", static_cast<double>(::sysconf(_SC_PAGESIZE))};
    case Unit::kNone:
      break;
  }
  return {};
}

BaseUnit base_unit(HistUnit unit) {
  switch (unit) {
    case HistUnit::kTime:
    case HistUnit::kDays:
      return {"seconds", 1};
    case HistUnit::kBytes:
      return {"bytes", 1};
    case HistUnit::kCount:
      break;
  }
  return {};
}

}  // namespace kernstat::bpf
