// SPDX-License-Identifier: Apache-2.0
// Sample lines, which the two text formats print alike.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/page.h"
#include "daemon/render.h"

namespace kernstat {

/// Appends `text` with backslash and newline escaped, as help texts want it; and the double quote,
/// if `quotes`.
void append_help(std::string& out, std::string_view text, bool quotes);

/// Prints the samples of one page. Lives for one printing.
class SampleLines {
 public:
  SampleLines(const Page& page, std::string& out) : page_(page), out_(out) {}

  /// Appends the line of one sample, or the lines of a histogram's classic form.
  void append(const Page::Sample& sample, std::string_view family);

 private:
  void append_head(std::string_view name, std::string_view suffix, std::string_view labels);
  void append_histogram(const Page::Sample& sample, std::string_view family);
  void use_bounds(const Page::Sample& sample, const HistogramView& view);

  const Page& page_;
  std::string& out_;
  // `le="0.1"} ` of each bound, made once for all series that share the bounds.
  std::uint32_t bounds_id_ = UINT32_MAX;
  std::vector<std::string> bound_texts_;
};

/// Prints all families with samples: `header(family)` appends what stands before the samples.
template <typename Header>
RenderResult render_lines(const Page& page, std::string& out, const RenderLimits& limits,
                          const Header& header) {
  RenderResult result;
  RenderDeadline deadline(limits);
  SampleLines lines(page, out);
  const std::size_t end =
      limits.bytes > SIZE_MAX - out.size() ? SIZE_MAX : out.size() + limits.bytes;
  for (const std::uint32_t index : page.by_name()) {
    const Page::Family& family = page.family_at(index);
    if (family.first == Page::kEnd) continue;
    const std::size_t family_begin = out.size();
    const std::uint64_t printed_before = result.printed;
    header(family);
    for (std::uint32_t i = family.first; i != Page::kEnd; i = page.sample_at(i).next) {
      if (deadline.passed()) {
        result.expired = true;
        return result;
      }
      const std::size_t begin = out.size();
      lines.append(page.sample_at(i), page.text(family.name));
      if (out.size() > end) {
        out.resize(result.printed == printed_before ? family_begin : begin);
        result.cut = page.series() - result.printed;
        return result;
      }
      result.printed += page.series_of(page.sample_at(i));
    }
  }
  return result;
}

}  // namespace kernstat
