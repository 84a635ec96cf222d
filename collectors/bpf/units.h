// SPDX-License-Identifier: Apache-2.0
// From the units that programs count in to base units.
#pragma once

#include <string_view>

#include "collectors/bpf/hist_grid.h"
#include "collectors/bpf/tool_spec.h"

namespace kernstat::bpf {

/// The base unit that a metric's name must say ("seconds", "bytes" or empty), and the factor to it.
struct BaseUnit {
  std::string_view name;
  double scale = 1;
};

BaseUnit base_unit(Unit unit);
/// Histograms bring their own factor (HistGrid::sum_scale).
BaseUnit base_unit(HistUnit unit);

}  // namespace kernstat::bpf
