// SPDX-License-Identifier: Apache-2.0
#include "daemon/sample_lines.h"

#include <limits>

#include "daemon/number_text.h"

namespace kernstat {

void append_help(std::string& out, std::string_view text, bool quotes) {
  for (const char c : text) {
    if (c == '\\') {
      out += "\\\\";
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '"' && quotes) {
      out += "\\\"";
    } else {
      out += c;
    }
  }
}

void SampleLines::append_head(std::string_view name, std::string_view suffix,
                              std::string_view labels) {
  out_.append(name).append(suffix);
  if (!labels.empty()) out_.append("{").append(labels).append("}");
  out_ += ' ';
}

void SampleLines::append(const Page::Sample& sample, std::string_view family) {
  if (sample.kind == Page::Kind::kHistogram) return append_histogram(sample, family);
  append_head(family, page_.text(sample.suffix), page_.text(sample.labels));
  if (sample.kind == Page::Kind::kInteger) {
    append_number(out_, sample.integer);
  } else {
    append_number(out_, sample.number);
  }
  out_ += '\n';
}

void SampleLines::use_bounds(const Page::Sample& sample, const HistogramView& view) {
  if (page_.bounds_id(sample) == bounds_id_ && bound_texts_.size() == view.bounds.size() + 1)
    return;
  bounds_id_ = page_.bounds_id(sample);
  bound_texts_.resize(view.bounds.size() + 1);
  for (std::size_t i = 0; i < bound_texts_.size(); ++i) {
    bound_texts_[i] = "le=\"";
    append_bound(bound_texts_[i],
                 i < view.bounds.size() ? view.bounds[i] : std::numeric_limits<double>::infinity());
    bound_texts_[i] += "\"} ";
  }
}

void SampleLines::append_histogram(const Page::Sample& sample, std::string_view family) {
  const HistogramView view = page_.histogram_of(sample);
  const std::string_view labels = page_.text(sample.labels);
  use_bounds(sample, view);
  std::uint64_t cumulative = 0;
  for (std::size_t i = 0; i < bound_texts_.size(); ++i) {
    cumulative = i < view.counts.size() ? cumulative + view.counts[i] : view.count;
    out_.append(family).append("_bucket{").append(labels);
    if (!labels.empty()) out_ += ',';
    out_ += bound_texts_[i];
    append_number(out_, cumulative);
    out_ += '\n';
  }
  append_head(family, "_sum", labels);
  append_number(out_, view.sum);
  out_ += '\n';
  append_head(family, "_count", labels);
  append_number(out_, view.count);
  out_ += '\n';
}

}  // namespace kernstat
