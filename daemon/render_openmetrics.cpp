// SPDX-License-Identifier: Apache-2.0
#include "daemon/render_openmetrics.h"

#include <string_view>

#include "daemon/sample_lines.h"

namespace kernstat {
namespace {

constexpr std::string_view kEof = "# EOF\n";

// Suffixes that name the unit of a family (the base units of Prometheus).
constexpr std::string_view kUnits[] = {"seconds", "bytes",   "ratio", "hertz",  "celsius", "meters",
                                       "volts",   "amperes", "watts", "joules", "grams"};

std::string_view unit_of(std::string_view family) {
  const auto underscore = family.rfind('_');
  if (underscore == std::string_view::npos) return {};
  const std::string_view last = family.substr(underscore + 1);
  for (const std::string_view unit : kUnits) {
    if (last == unit) return unit;
  }
  return {};
}

struct Head {
  std::string_view name;
  std::string_view type;
};

bool has_samples(const Page::Family* family) {
  return family != nullptr && family->first != Page::kEnd;
}

// Two metadata blocks of one name would be an error of the whole exposition.
bool is_free(const Page& page, std::string_view name, std::string_view own_suffix) {
  if (has_samples(page.find(name))) return false;
  // Counters come first: only an info asks whether a counter has the name.
  return own_suffix == "_total" || !has_samples(page.find(std::string(name) + "_total"));
}

Head head_of(const Page& page, const Page::Family& family) {
  const std::string_view name = page.text(family.name);
  const auto without = [&](std::string_view suffix, std::string_view type,
                           std::string_view instead) -> Head {
    if (!name.ends_with(suffix) || name.size() == suffix.size()) return {name, instead};
    const std::string_view base = name.substr(0, name.size() - suffix.size());
    return is_free(page, base, suffix) ? Head{base, type} : Head{name, instead};
  };
  switch (family.type) {
    case MetricType::kCounter:
      return without("_total", "counter", "unknown");
    case MetricType::kInfo:
      return without("_info", "info", "gauge");
    case MetricType::kGauge:
      return {name, "gauge"};
    case MetricType::kHistogram:
      return {name, "histogram"};
    case MetricType::kSummary:
      return {name, "summary"};
    case MetricType::kUnknown:
      break;
  }
  return {name, "unknown"};
}

}  // namespace

RenderResult render_openmetrics(const Page& page, std::string& out, const RenderLimits& limits) {
  RenderLimits inner = limits;
  inner.bytes = limits.bytes > kEof.size() ? limits.bytes - kEof.size() : 0;
  const RenderResult result = render_lines(page, out, inner, [&](const Page::Family& family) {
    const Head head = head_of(page, family);
    out.append("# TYPE ").append(head.name).append(" ").append(head.type).append("\n");
    const std::string_view unit = head.type == "info" ? std::string_view{} : unit_of(head.name);
    if (!unit.empty()) {
      out.append("# UNIT ").append(head.name).append(" ").append(unit).append("\n");
    }
    out.append("# HELP ").append(head.name).append(" ");
    append_help(out, page.text(family.help), true);
    out += '\n';
  });
  out += kEof;
  return result;
}

}  // namespace kernstat
