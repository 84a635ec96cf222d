// SPDX-License-Identifier: Apache-2.0
// OpenMetrics text 1.0.
#pragma once

#include <string>

#include "daemon/page.h"
#include "daemon/render.h"

namespace kernstat {

/// Appends the finished page to `out`, `# EOF` included (within the byte limit, unless that is
/// smaller than this line). Series have the same names and labels as in text 0.0.4: a counter whose
/// name lacks `_total`, an info without `_info`, or one whose family name another family has, is
/// said as unknown or gauge. Any thread; the page must not change meanwhile. Source: the
/// OpenMetrics specification 1.0.
RenderResult render_openmetrics(const Page& page, std::string& out,
                                const RenderLimits& limits = {});

}  // namespace kernstat
