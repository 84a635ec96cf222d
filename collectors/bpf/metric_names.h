// SPDX-License-Identifier: Apache-2.0
// What Prometheus accepts as names, and what this project asks of names and help texts.
#pragma once

#include <string_view>

#include "collectors/metrics.h"
#include "collectors/support/result.h"

namespace kernstat::bpf {

bool is_metric_name(std::string_view name);
/// Without the leading "__" that Prometheus keeps for itself, and not le or quantile.
bool is_label_name(std::string_view name);

/// One sentence with a full stop, on one line.
Result<void> check_help(std::string_view help);

/// Counters end in _total, others do not; a unit in the name is a base unit and agrees with `unit`
/// ("seconds", "bytes" or empty).
Result<void> check_name(std::string_view name, MetricType type, std::string_view unit);

}  // namespace kernstat::bpf
