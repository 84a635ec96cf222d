// SPDX-License-Identifier: Apache-2.0
// The text format 0.0.4 of Prometheus.
#pragma once

#include <string>

#include "daemon/page.h"
#include "daemon/render.h"

namespace kernstat {

/// Appends the finished page to `out`. Histograms are printed as classic buckets; unknown is
/// printed as untyped and info as gauge, which the format has no words for. Any thread; the page
/// must not change meanwhile.
RenderResult render_text(const Page& page, std::string& out, const RenderLimits& limits = {});

}  // namespace kernstat
