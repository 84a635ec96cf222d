// SPDX-License-Identifier: Apache-2.0
#include "daemon/render_text.h"

#include <string_view>

#include "daemon/sample_lines.h"

namespace kernstat {
namespace {

std::string_view type_word(MetricType type) {
  switch (type) {
    case MetricType::kCounter:
      return "counter";
    case MetricType::kGauge:
    case MetricType::kInfo:
      return "gauge";
    case MetricType::kHistogram:
      return "histogram";
    case MetricType::kSummary:
      return "summary";
    case MetricType::kUnknown:
      break;
  }
  return "untyped";
}

}  // namespace

RenderResult render_text(const Page& page, std::string& out, const RenderLimits& limits) {
  return render_lines(page, out, limits, [&](const Page::Family& family) {
    const std::string_view name = page.text(family.name);
    out.append("# HELP ").append(name).append(" ");
    append_help(out, page.text(family.help), false);
    out.append("\n# TYPE ").append(name).append(" ").append(type_word(family.type)).append("\n");
  });
}

}  // namespace kernstat
