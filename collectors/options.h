// SPDX-License-Identifier: Apache-2.0
// The options of one collector as its configuration set them.
#pragma once

#include <re2/re2.h>

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/collector.h"

namespace kernstat {

/// Values of all options that the collector's spec declares: the configured one or the default.
/// Asking for a key that the spec does not declare, or as another type, is a programming error and
/// ends in an assertion.
class Options {
 public:
  /// One value in each field that its type uses.
  struct Value {
    OptionType type = OptionType::kText;
    std::string text;                       // kText, kRegex (the pattern)
    std::vector<std::string> list;          // kTextList
    std::shared_ptr<const re2::RE2> regex;  // kRegex; null for an empty pattern
    std::chrono::milliseconds duration{0};  // kDuration
    double number = 0;                      // kNumber, kBytes
    bool flag = false;                      // kBool
    bool operator==(const Value& other) const {
      return type == other.type && text == other.text && list == other.list &&
             duration == other.duration && number == other.number && flag == other.flag;
    }
  };

  /// The defaults of `spec`.
  static Options defaults(const CollectorSpec& spec);
  void set(std::string key, Value value) { values_[std::move(key)] = std::move(value); }

  const std::string& text(std::string_view key) const { return get(key).text; }
  const std::vector<std::string>& list(std::string_view key) const { return get(key).list; }
  const std::shared_ptr<const re2::RE2>& regex(std::string_view key) const {
    return get(key).regex;
  }
  std::chrono::milliseconds duration(std::string_view key) const { return get(key).duration; }
  double number(std::string_view key) const { return get(key).number; }
  bool flag(std::string_view key) const { return get(key).flag; }

  bool operator==(const Options& other) const { return values_ == other.values_; }

 private:
  const Value& get(std::string_view key) const;
  std::map<std::string, Value, std::less<>> values_;
};

/// Reads one value from its YAML text (a scalar; lists are given element by element by the
/// configuration reader). Errors say what was expected, with an example. Regular expressions are
/// RE2's.
Result<Options::Value> parse_option(OptionType type, std::string_view text);

/// "15s", "500ms", "2m", "1h": whole numbers with a unit. Errors give an example.
Result<std::chrono::milliseconds> parse_duration(std::string_view text);

/// A pair of options that choose things by name: KEY_include and KEY_exclude (RE2, anchored by the
/// user).
class Filter {
 public:
  Filter() = default;
  /// Declares the two options, for CollectorSpec::options. A key fold_X chooses which X are folded.
  static std::vector<OptionSpec> options(const std::string& key, const std::string& include,
                                         const std::string& exclude);
  static Filter from(const Options& options, const std::string& key);
  /// True unless `include` is set and does not match, or `exclude` is set and matches.
  bool accepts(std::string_view name) const;

 private:
  std::shared_ptr<const re2::RE2> include_;
  std::shared_ptr<const re2::RE2> exclude_;
};

}  // namespace kernstat
