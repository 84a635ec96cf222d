// SPDX-License-Identifier: Apache-2.0
#include "collectors/options.h"

#include <algorithm>
#include <cassert>
#include <limits>

#include "collectors/support/text.h"

namespace kernstat {
namespace {

// A number followed by one of the units; the product, in the base unit.
struct Unit {
  std::string_view name;
  std::int64_t factor;
};

template <std::size_t N>
std::optional<std::int64_t> parse_with_unit(std::string_view text, const Unit (&units)[N]) {
  const auto digits = text.find_first_not_of("0123456789");
  if (digits == 0) return std::nullopt;
  const auto number = to_number<std::int64_t>(text.substr(0, digits));
  if (!number) return std::nullopt;
  const std::string_view suffix = digits == std::string_view::npos ? "" : text.substr(digits);
  for (const Unit& unit : units) {
    if (unit.name != suffix) continue;
    if (*number > std::numeric_limits<std::int64_t>::max() / unit.factor) return std::nullopt;
    return *number * unit.factor;
  }
  return std::nullopt;
}

std::string quoted(std::string_view text) { return "'" + std::string(text) + "'"; }

}  // namespace

Result<std::chrono::milliseconds> parse_duration(std::string_view text) {
  static constexpr Unit kUnits[] = {{"ms", 1}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}};
  const auto value = parse_with_unit(text, kUnits);
  constexpr std::int64_t kLongest = std::int64_t{3'600'000} * 24 * 365;
  if (!value || *value > kLongest) {
    return fail(ErrorKind::kInvalid,
                "expected a duration like 500ms, 15s or 2m, got " + quoted(text));
  }
  return std::chrono::milliseconds(*value);
}

Result<Options::Value> parse_option(OptionType type, std::string_view text) {
  Options::Value value;
  value.type = type;
  value.text = text;
  switch (type) {
    case OptionType::kRegex: {
      if (text.empty()) return value;
      re2::RE2::Options options(re2::RE2::Quiet);
      auto regex =
          std::make_shared<const re2::RE2>(re2::StringPiece(text.data(), text.size()), options);
      if (!regex->ok()) {
        return fail(ErrorKind::kInvalid,
                    "not a regular expression (RE2 syntax): " + regex->error());
      }
      value.regex = std::move(regex);
      return value;
    }
    case OptionType::kText:
      return value;
    case OptionType::kTextList:
      if (!text.empty() && text != "[]") value.list.emplace_back(text);
      value.text.clear();
      return value;
    case OptionType::kDuration: {
      auto duration = parse_duration(text);
      if (!duration) return fail(duration.error());
      value.duration = *duration;
      value.text.clear();
      return value;
    }
    case OptionType::kBool:
      if (text != "true" && text != "false") {
        return fail(ErrorKind::kInvalid, "expected true or false, got " + quoted(text));
      }
      value.flag = text == "true";
      value.text.clear();
      return value;
    case OptionType::kNumber: {
      const auto number = to_number<double>(text);
      if (!number) return fail(ErrorKind::kInvalid, "expected a number, got " + quoted(text));
      value.number = *number;
      value.text.clear();
      return value;
    }
    case OptionType::kBytes: {
      static constexpr Unit kUnits[] = {
          {"", 1}, {"B", 1}, {"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}};
      const auto bytes = parse_with_unit(text, kUnits);
      if (!bytes) {
        return fail(ErrorKind::kInvalid,
                    "expected a size like 512KiB or 32MiB, got " + quoted(text));
      }
      value.number = static_cast<double>(*bytes);
      value.text.clear();
      return value;
    }
  }
  return value;
}

Options Options::defaults(const CollectorSpec& spec) {
  Options options;
  for (const OptionSpec& option : spec.options) {
    auto value = parse_option(option.type, option.default_value);
    assert(value && "a default must be valid");
    if (value) options.set(option.key, std::move(*value));
  }
  return options;
}

const Options::Value& Options::get(std::string_view key) const {
  static const Value kNone;
  const auto found = values_.find(key);
  assert(found != values_.end() && "an option must be declared in the spec");
  return found == values_.end() ? kNone : found->second;
}

std::vector<OptionSpec> Filter::options(const std::string& key, const std::string& include,
                                        const std::string& exclude) {
  std::string noun = key;  // one of them, in words: mount_points, mount point
  std::replace(noun.begin(), noun.end(), '_', ' ');
  if (noun.ends_with('s')) noun.pop_back();
  std::string fate = "reported";
  constexpr std::string_view kFold = "fold ";
  if (noun.starts_with(kFold)) {
    noun.erase(0, kFold.size());
    fate = "folded into histograms";
  }
  return {{key + "_include", OptionType::kRegex, include,
           "Only a " + noun + " that matches is " + fate + "; empty: all."},
          {key + "_exclude", OptionType::kRegex, exclude,
           "A " + noun + " that matches is not " + fate + "; empty: none."}};
}

Filter Filter::from(const Options& options, const std::string& key) {
  Filter filter;
  filter.include_ = options.regex(key + "_include");
  filter.exclude_ = options.regex(key + "_exclude");
  return filter;
}

bool Filter::accepts(std::string_view name) const {
  const re2::StringPiece piece(name.data(), name.size());
  if (include_ && !re2::RE2::PartialMatch(piece, *include_)) return false;
  return !exclude_ || !re2::RE2::PartialMatch(piece, *exclude_);
}

}  // namespace kernstat
