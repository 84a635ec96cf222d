// SPDX-License-Identifier: Apache-2.0
#include "collectors/proc/textfile_merge.h"

#include <algorithm>
#include <unordered_set>

#include "collectors/proc/textfile_line.h"
#include "collectors/support/labels.h"

namespace kernstat {
namespace {

constexpr Metric kMtime{"node_textfile_mtime_seconds", MetricType::kGauge,
                        "When a text file that is used was last written, from stat(2)."};
constexpr Metric kScrapeError{"node_textfile_scrape_error", MetricType::kGauge,
                              "1 if a text file, or a part of one, could not be used."};
constexpr Metric kErrors{"kernstat_textfile_errors", MetricType::kGauge,
                         "Problems in a text file now, by reason: unreadable, syntax and timestamp "
                         "cost the whole file, conflict a family of it, duplicate and limit a "
                         "sample each."};
constexpr Metric kErrorLine{"kernstat_textfile_error_line", MetricType::kGauge,
                            "Line of the first problem of a text file, by reason."};

// The text for people is bounded; the metric counts all.
constexpr std::uint64_t kMostTold = 10;

std::string_view type_name(MetricType type) {
  switch (type) {
    case MetricType::kCounter:
      return "counter";
    case MetricType::kHistogram:
      return "histogram";
    case MetricType::kSummary:
      return "summary";
    case MetricType::kUnknown:
      return "untyped";
    case MetricType::kGauge:
    case MetricType::kInfo:
      break;
  }
  return "gauge";
}

}  // namespace

TextExposition::TextExposition(
    std::vector<std::shared_ptr<const ReadTextFile>> files, std::size_t max_series,
    const std::vector<std::pair<std::string, TextProblem>>& scan_problems)
    : files_(std::move(files)) {
  for (const auto& [path, problem] : scan_problems) report(path, problem);
  merge(max_series);
  drop_duplicates();
  std::stable_sort(samples_.begin(), samples_.end(),
                   [](const Sample& a, const Sample& b) { return a.family < b.family; });
  for (const auto& file : files_) {
    file_labels_.push_back(file->problem ? std::string() : Labels("file", file->path).text());
  }
  if (reported_ > told_) problem_ += "; and " + std::to_string(reported_ - told_) + " more";
}

void TextExposition::count(std::vector<Count>& counts, const std::string& path,
                           const TextProblem& problem, std::uint64_t times) {
  Labels labels("file", path);
  labels.add("reason", problem_name(problem.kind));
  const auto known = std::find_if(counts.begin(), counts.end(),
                                  [&](const Count& one) { return one.labels == labels.text(); });
  Count& one = known == counts.end() ? counts.emplace_back(Count{labels.text()}) : *known;
  if (one.line == 0) one.line = problem.line;
  one.count += times;
}

void TextExposition::report(const std::string& path, const TextProblem& problem,
                            std::uint64_t times) {
  count(counts_, path, problem, times);
  reported_ += times;
  if (messages_ == kMostTold) return;
  ++messages_;
  told_ += times;
  if (!problem_.empty()) problem_ += "; ";
  problem_ += path;
  if (problem.line != 0) problem_ += ":" + std::to_string(problem.line);
  problem_ += ": " + problem.message;
}

void TextExposition::merge(std::size_t max_series) {
  Index by_name;
  for (std::uint32_t index = 0; index < files_.size(); ++index) {
    const ReadTextFile& file = *files_[index];
    if (file.problem) {
      report(file.path, *file.problem);
      continue;
    }
    const auto places = merge_families(file, by_name);
    std::uint64_t beyond = file.dropped;
    for (const TextFile::Sample& sample : file.content.samples) {
      const auto place = places[sample.family];
      if (!place) continue;
      if (samples_.size() == max_series) {
        ++beyond;
      } else {
        samples_.push_back({*place, index, &sample});
      }
    }
    if (beyond == 0) continue;
    report(file.path,
           {TextProblemKind::kLimit, 0,
            std::to_string(beyond) + " samples beyond the limit of " + std::to_string(max_series)},
           beyond);
  }
}

std::string TextExposition::conflict_of(const Family& merged, bool born, const TextFile& file,
                                        const TextFile::Family& family) const {
  const auto compound = [](MetricType type) {
    return type == MetricType::kHistogram || type == MetricType::kSummary;
  };
  const std::string name = "'" + std::string(merged.name) + "'";
  // Without a type a family goes with any that has plain samples.
  const bool types_differ =
      !born && family.type != merged.type &&
      ((family.has_type && merged.has_type) || compound(family.type) || compound(merged.type));
  if (types_differ) {
    return name + " is " + std::string(type_name(merged.type)) + " in a file before, " +
           std::string(type_name(family.type)) + " here";
  }
  if (family.has_help && merged.has_help && file.text(family.help) != merged.help) {
    return name + " has another help in a file before";
  }
  return {};
}

std::vector<std::optional<std::uint32_t>> TextExposition::merge_families(const ReadTextFile& file,
                                                                         Index& by_name) {
  std::vector<std::optional<std::uint32_t>> places;
  for (const TextFile::Family& family : file.content.families) {
    const std::string_view name = file.content.text(family.name);
    const auto [known, born] = by_name.emplace(name, static_cast<std::uint32_t>(families_.size()));
    if (born) families_.emplace_back().name = name;
    Family& merged = families_[known->second];
    std::string conflict = conflict_of(merged, born, file.content, family);
    if (!conflict.empty()) {
      report(file.path, {TextProblemKind::kConflict, family.line, std::move(conflict)});
      places.emplace_back();
      continue;
    }
    places.emplace_back(known->second);
    if (family.has_type && !merged.has_type) {
      merged.type = family.type;
      merged.has_type = true;
    }
    if (family.has_help && !merged.has_help) {
      merged.help = file.content.text(family.help);
      merged.has_help = true;
    }
    if (merged.made_help.empty()) merged.made_help = "Metric read from " + file.path;
  }
  return places;
}

// By the whole name: x_sum of a family of that name and of histogram x are one series.
void TextExposition::drop_duplicates() {
  std::unordered_set<std::string> seen;
  seen.reserve(samples_.size());
  std::erase_if(samples_, [&](const Sample& sample) {
    std::string key(families_[sample.family].name);
    key.append(suffix_of(sample)).append("{").append(labels_of(sample)).append("}");
    if (seen.insert(key).second) return false;
    report(files_[sample.file]->path, {TextProblemKind::kDuplicate, sample.sample->line,
                                       "'" + shortened(key) + "' is there already"});
    return true;
  });
}

void TextExposition::write(Families& out) const {
  std::uint32_t current = UINT32_MAX;
  std::vector<Count> counts = counts_;
  for (const Sample& sample : samples_) {
    if (sample.family != current) {
      current = sample.family;
      const Family& family = families_[current];
      const Metric metric{family.name, family.type,
                          family.has_help ? family.help : std::string_view(family.made_help)};
      if (out.conflicts(metric)) {
        count(counts, files_[sample.file]->path,
              {TextProblemKind::kConflict, sample.sample->line, {}}, 1);
      }
      out.family(metric);
    }
    out.part(suffix_of(sample), labels_of(sample), sample.sample->value);
  }
  out.family(kMtime);
  for (std::size_t i = 0; i < files_.size(); ++i) {
    if (!file_labels_[i].empty()) out.sample(file_labels_[i], files_[i]->mtime_seconds);
  }
  out.family(kErrors);
  for (const Count& one : counts) out.sample(one.labels, one.count);
  out.family(kErrorLine);
  for (const Count& one : counts) {
    if (one.line != 0) out.sample(one.labels, std::uint64_t{one.line});
  }
  out.single(kScrapeError, std::uint64_t{counts.empty() ? 0U : 1U});
}

}  // namespace kernstat
