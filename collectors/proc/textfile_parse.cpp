// SPDX-License-Identifier: Apache-2.0
#include "collectors/proc/textfile_parse.h"

#include <algorithm>
#include <cmath>
#include <unordered_map>

#include "collectors/proc/textfile_line.h"
#include "collectors/support/labels.h"
#include "collectors/support/text.h"

namespace kernstat {
namespace {

constexpr std::string_view kBucket = "_bucket";
constexpr std::string_view kSum = "_sum";
constexpr std::string_view kCount = "_count";

// Larger files are refused before, so that 32 bits address the arena.
class Parser {
 public:
  Parser(TextFile& into, std::size_t max_samples) : into_(into), max_samples_(max_samples) {
    into_.arena.clear();
    into_.families.clear();
    into_.samples.clear();
  }

  // An empty message: all is well.
  std::string take_line(std::string_view line, std::uint32_t number) {
    number_ = number;
    skip_blanks(line);
    if (line.empty()) return {};
    return line.front() == '#' ? take_comment(line.substr(1)) : take_sample(line);
  }
  bool has_timestamp() const { return has_timestamp_; }
  std::size_t dropped() const { return dropped_; }

 private:
  struct Place {
    std::uint32_t family;
    std::string_view suffix;
  };

  TextFile::Text keep(std::string_view text) {
    const TextFile::Text place{static_cast<std::uint32_t>(into_.arena.size()),
                               static_cast<std::uint32_t>(text.size())};
    into_.arena += text;
    return place;
  }

  std::optional<std::uint32_t> find(std::string_view name) {
    name_ = name;
    const auto found = by_name_.find(name_);
    return found == by_name_.end() ? std::nullopt : std::optional(found->second);
  }

  std::uint32_t find_or_add(std::string_view name) {
    if (const auto known = find(name)) return *known;
    const auto index = static_cast<std::uint32_t>(into_.families.size());
    TextFile::Family& family = into_.families.emplace_back();
    family.name = keep(name);
    family.line = number_;
    by_name_.emplace(std::string(name), index);
    return index;
  }

  std::string take_comment(std::string_view line) {
    const std::string_view keyword = next_field(line);
    if (keyword != "HELP" && keyword != "TYPE") return {};
    skip_blanks(line);
    const std::string_view name = take_metric_name(line);
    if (name.empty()) return std::string(keyword) + " without the name of a metric";
    if (!line.empty() && line.front() != ' ' && line.front() != '\t') {
      return "'" + shortened(name) + "' is followed by what cannot be in a name";
    }
    TextFile::Family& family = into_.families[find_or_add(name)];
    skip_blanks(line);
    return keyword == "HELP" ? take_help(line, family) : take_type(line, family);
  }

  std::string take_help(std::string_view help, TextFile::Family& family) {
    if (family.has_help) return "a second HELP of " + name_of(family);
    text_.clear();
    if (!unescape_help(help, text_)) return "HELP has a backslash before neither \\ nor n";
    family.has_help = true;
    family.help = keep(text_);
    return {};
  }

  std::string take_type(std::string_view rest, TextFile::Family& family) {
    if (family.has_type) return "a second TYPE of " + name_of(family);
    if (family.has_samples) return "TYPE of " + name_of(family) + " behind its first sample";
    const std::string_view word = next_field(rest);
    const auto type = metric_type(word);
    if (!type) {
      return "'" + shortened(word) + "' is no type: counter, gauge, histogram, summary, untyped";
    }
    skip_blanks(rest);
    if (!rest.empty()) return "text behind the type of " + name_of(family);
    family.type = *type;
    family.has_type = true;
    return {};
  }

  std::string take_sample(std::string_view line) {
    const std::string_view name = take_metric_name(line);
    if (name.empty()) return "does not begin with the name of a metric";
    labels_.clear();
    skip_blanks(line);
    if (line.starts_with('{')) {
      std::string error = take_labels(line, labels_);
      if (!error.empty()) return error;
    }
    const std::string_view number = next_field(line);
    const auto value = sample_value(number);
    if (!value) return "'" + shortened(number) + "' is no value";
    const std::string_view timestamp = next_field(line);
    if (!timestamp.empty()) {
      if (!to_number<std::int64_t>(timestamp)) {
        return "'" + shortened(timestamp) + "' behind the value";
      }
      has_timestamp_ = true;
      return "a timestamp, which a text file must not have";
    }
    Place place = place_of(name);
    std::string error = check_labels(place);
    if (!error.empty()) return error;
    add(place, *value);
    return {};
  }

  // Samples of histograms and summaries belong to the family of another name.
  Place place_of(std::string_view name) {
    if (const auto known = find(name)) return {*known, {}};
    for (const std::string_view suffix : {kBucket, kSum, kCount}) {
      if (!name.ends_with(suffix)) continue;
      const auto base = find(name.substr(0, name.size() - suffix.size()));
      if (!base) continue;
      const MetricType type = into_.families[*base].type;
      if (type == MetricType::kHistogram || (type == MetricType::kSummary && suffix != kBucket)) {
        return {*base, suffix};
      }
    }
    return {find_or_add(name), {}};
  }

  std::string check_labels(const Place& place) {
    const TextFile::Family& family = into_.families[place.family];
    const bool bucket = place.suffix == kBucket;
    const bool quantile = family.type == MetricType::kSummary && place.suffix.empty();
    if (family.type == MetricType::kHistogram && place.suffix.empty()) {
      return name_of(family) + " is a histogram: its samples end in _bucket, _sum or _count";
    }
    if (!bucket && !quantile) return {};
    const std::string_view wanted = bucket ? "le" : "quantile";
    for (const TextLabel& label : labels_) {
      if (label.name != wanted) continue;
      const auto bound = sample_value(label.value);
      if (bound && !std::isnan(*bound)) return {};
      return "label " + std::string(wanted) + " is no number";
    }
    return "a sample of " + name_of(family) + " without label " + std::string(wanted);
  }

  void add(const Place& place, double value) {
    into_.families[place.family].has_samples = true;
    if (into_.samples.size() == max_samples_) {
      ++dropped_;
      return;
    }
    std::sort(labels_.begin(), labels_.end(),
              [](const TextLabel& a, const TextLabel& b) { return a.name < b.name; });
    text_.clear();
    for (const TextLabel& label : labels_) {
      // A label without a value is none.
      if (label.value.empty()) continue;
      if (!text_.empty()) text_ += ',';
      text_.append(label.name).append("=\"");
      append_label_value(text_, label.value);
      text_ += '"';
    }
    TextFile::Sample& sample = into_.samples.emplace_back();
    sample.family = place.family;
    sample.line = number_;
    sample.suffix = keep(place.suffix);
    sample.labels = keep(text_);
    sample.value = value;
  }

  std::string name_of(const TextFile::Family& family) const {
    return "'" + shortened(into_.text(family.name)) + "'";
  }

  TextFile& into_;
  std::size_t max_samples_;
  std::uint32_t number_ = 0;
  bool has_timestamp_ = false;
  std::size_t dropped_ = 0;
  std::unordered_map<std::string, std::uint32_t> by_name_;
  std::vector<TextLabel> labels_;
  std::string name_;
  std::string text_;
};

}  // namespace

std::string_view problem_name(TextProblemKind kind) {
  constexpr std::string_view kNames[kTextProblemKinds] = {"unreadable", "syntax",    "timestamp",
                                                          "conflict",   "duplicate", "limit"};
  return kNames[static_cast<std::size_t>(kind)];
}

std::optional<TextProblem> parse_textfile(std::string_view text, std::size_t max_samples,
                                          TextFile& into, std::size_t& dropped) {
  Parser parser(into, max_samples);
  std::uint32_t number = 0;
  while (!text.empty()) {
    ++number;
    std::string_view line;
    if (!next_whole_line(text, line)) {
      return TextProblem{TextProblemKind::kSyntax, number, "the last line has no newline: cut?"};
    }
    if (!is_plain_text(line)) {
      return TextProblem{TextProblemKind::kSyntax, number, "not UTF-8, or a NUL byte"};
    }
    std::string error = parser.take_line(line, number);
    if (error.empty()) continue;
    return TextProblem{
        parser.has_timestamp() ? TextProblemKind::kTimestamp : TextProblemKind::kSyntax, number,
        std::move(error)};
  }
  dropped = parser.dropped();
  return std::nullopt;
}

}  // namespace kernstat
