// SPDX-License-Identifier: Apache-2.0
// Label values of any bytes in all formats, under any byte limit: the text formats keep one line a
// sample, protobuf gives the values back.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "collectors/support/labels.h"
#include "daemon/label_text.h"
#include "daemon/page.h"
#include "daemon/render_openmetrics.h"
#include "daemon/render_protobuf.h"
#include "daemon/render_text.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace kernstat;
  if (size < 2) return 0;
  const std::size_t limit = std::size_t{data[0]} * 4;
  std::string_view rest(reinterpret_cast<const char*>(data + 1), size - 1);
  Page page;
  page.family({"a_total", MetricType::kCounter, "A."});
  std::uint64_t samples = 0;
  while (!rest.empty()) {
    const auto end = std::min(rest.find('\x01'), rest.size());
    const Labels labels("value", rest.substr(0, end));
    std::string_view text = labels.text();
    LabelText label;
    if (!next_label(text, label) || label.name != "value" || !text.empty()) std::abort();
    page.sample(labels.text(), ++samples);
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  page.finish();
  if (page.series() + page.dropped().total() != samples) std::abort();
  for (const RenderLimits& limits : {RenderLimits{}, RenderLimits{limit, {}}}) {
    std::string out;
    RenderResult result = render_text(page, out, limits);
    const auto lines = static_cast<std::uint64_t>(std::count(out.begin(), out.end(), '\n'));
    if (result.printed + result.cut != page.series()) std::abort();
    if (lines != (result.printed == 0 ? 0 : result.printed + 2)) std::abort();
    out.clear();
    render_openmetrics(page, out, limits);
    if (!out.ends_with("# EOF\n")) std::abort();
    out.clear();
    result = render_protobuf(page, out, limits);
    if (result.printed + result.cut != page.series() || out.size() > limits.bytes) std::abort();
  }
  return 0;
}
