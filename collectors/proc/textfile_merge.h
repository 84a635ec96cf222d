// SPDX-License-Identifier: Apache-2.0
// Many text files as one exposition.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "collectors/metrics.h"
#include "collectors/proc/textfile_parse.h"

namespace kernstat {

/// One file as it was last read.
struct ReadTextFile {
  std::string path;
  double mtime_seconds = 0;
  TextFile content;
  std::size_t dropped = 0;             ///< samples beyond the limit of one file
  std::optional<TextProblem> problem;  ///< the file is not used
};

/// What all files together say. Immutable once made; texts lie in the files, which it holds.
class TextExposition {
 public:
  /// Merges in the order of `files`. A family's help and type are those of the first file that
  /// gives them; a later file that gives others is in conflict, and its samples of that family are
  /// left out. Of samples with the same name and labels the first is used. At most `max_series`
  /// samples are kept. `scan_problems` are those of directories and files that could not be read.
  TextExposition(std::vector<std::shared_ptr<const ReadTextFile>> files, std::size_t max_series,
                 const std::vector<std::pair<std::string, TextProblem>>& scan_problems);

  /// Families that a collector has said in another way are in conflict, too.
  void write(Families& out) const;
  /// "path:line: message; …", bounded; empty when all is well.
  const std::string& problem() const { return problem_; }

 private:
  struct Family {
    std::string_view name;
    std::string_view help;
    std::string made_help;  ///< where no file gives one
    MetricType type = MetricType::kUnknown;
    bool has_help = false;
    bool has_type = false;
  };
  struct Sample {
    std::uint32_t family = 0;
    std::uint32_t file = 0;
    const TextFile::Sample* sample = nullptr;
  };
  struct Count {
    std::string labels;  ///< file="…",reason="…"
    std::uint64_t count = 0;
    std::size_t line = 0;  ///< of the first one; 0: of none
  };

  using Index = std::unordered_map<std::string_view, std::uint32_t>;

  void merge(std::size_t max_series);
  /// For each family of the file its place in families_; nothing when it is in conflict.
  std::vector<std::optional<std::uint32_t>> merge_families(const ReadTextFile& file,
                                                           Index& by_name);
  std::string conflict_of(const Family& merged, bool born, const TextFile& file,
                          const TextFile::Family& family) const;
  void drop_duplicates();
  static void count(std::vector<Count>& counts, const std::string& path, const TextProblem& problem,
                    std::uint64_t times);
  void report(const std::string& path, const TextProblem& problem, std::uint64_t times = 1);
  std::string_view labels_of(const Sample& sample) const {
    return files_[sample.file]->content.text(sample.sample->labels);
  }
  std::string_view suffix_of(const Sample& sample) const {
    return files_[sample.file]->content.text(sample.sample->suffix);
  }

  std::vector<std::shared_ptr<const ReadTextFile>> files_;
  std::vector<Family> families_;
  std::vector<Sample> samples_;
  std::vector<Count> counts_;
  std::vector<std::string> file_labels_;
  std::string problem_;
  std::uint64_t reported_ = 0;  // problems
  std::uint64_t told_ = 0;      // of them in problem_
  std::uint64_t messages_ = 0;
};

}  // namespace kernstat
