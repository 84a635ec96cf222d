// SPDX-License-Identifier: Apache-2.0
// A file in the Prometheus text format 0.0.4, taken apart.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/metrics.h"

namespace kernstat {

/// What can be wrong with a text file; one label value each.
enum class TextProblemKind : std::uint8_t {
  kUnreadable,  ///< cannot be opened or read, no file, or too large
  kSyntax,      ///< a line is not what the format says: the file is not used
  kTimestamp,   ///< a sample has a timestamp: the file is not used
  kConflict,    ///< a family has another type or help in a file before: left out of this file
  kDuplicate,   ///< a sample that is there already: the first one is used
  kLimit,       ///< beyond the limit of series: left out
};
inline constexpr std::size_t kTextProblemKinds = 6;
/// "unreadable", "syntax", …
std::string_view problem_name(TextProblemKind kind);

struct TextProblem {
  TextProblemKind kind = TextProblemKind::kSyntax;
  std::size_t line = 0;  ///< from 1; 0: the whole file
  std::string message;   ///< without file and line
};

/// The families and samples of one file, in its order. All text lies in `arena`.
struct TextFile {
  struct Text {
    std::uint32_t begin = 0;
    std::uint32_t size = 0;
  };
  struct Family {
    Text name;
    Text help;
    bool has_help = false;
    bool has_type = false;
    bool has_samples = false;
    MetricType type = MetricType::kUnknown;
    std::uint32_t line = 0;  ///< where it is first named
  };
  struct Sample {
    std::uint32_t family = 0;
    std::uint32_t line = 0;
    Text suffix;  ///< "_bucket", "_sum", "_count" or nothing
    Text labels;  ///< sorted by name, escaped as Labels does
    double value = 0;
  };

  std::string arena;
  std::vector<Family> families;
  std::vector<Sample> samples;

  std::string_view text(const Text& place) const {
    return std::string_view(arena).substr(place.begin, place.size);
  }
};

/// Reads a whole file. On a problem the file is of no use; the problem names the line. What is not
/// finished by a newline counts as cut. At most `max_samples` samples are kept; `dropped` says how
/// many more there are.
std::optional<TextProblem> parse_textfile(std::string_view text, std::size_t max_samples,
                                          TextFile& into, std::size_t& dropped);

}  // namespace kernstat
