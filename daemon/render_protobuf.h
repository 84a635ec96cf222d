// SPDX-License-Identifier: Apache-2.0
// The protobuf exposition of Prometheus: MetricFamily messages, each with its length in front.
#pragma once

#include <string>

#include "daemon/page.h"
#include "daemon/render.h"

namespace kernstat {

/// Appends the finished page to `out`. A histogram carries its classic buckets and, where it has
/// them, its native ones: a scraper takes what it knows. Info is said as gauge, unknown as untyped.
/// Any thread; the page must not change meanwhile.
/// Source: io.prometheus.client.MetricFamily of prometheus/client_model.
RenderResult render_protobuf(const Page& page, std::string& out, const RenderLimits& limits = {});

}  // namespace kernstat
