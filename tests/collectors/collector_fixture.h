// SPDX-License-Identifier: Apache-2.0
// Collectors on the fixture trees, with the defaults of their options.
#pragma once

#include <algorithm>
#include <catch2/catch.hpp>
#include <memory>
#include <string>
#include <string_view>

#include "collectors/collector.h"
#include "collectors/options.h"

namespace kernstat {

/// The fixture tree `name` as a host.
inline Host fixture_host(const std::string& name = "debian12") {
  const std::string root = KERNSTAT_SOURCE "/tests/fixtures/" + name;
  return {root + "/proc", root + "/sys", root};
}

inline const CollectorSpec& spec_of(std::string_view name) {
  const auto& all = registered_collectors();
  const auto found =
      std::find_if(all.begin(), all.end(), [&](const auto& spec) { return spec.name == name; });
  REQUIRE(found != all.end());
  return *found;
}

/// The collector `name`; `set` may change its options before it is made.
template <typename Set>
std::unique_ptr<Collector> made_collector(std::string_view name, const Host& host, const Set& set) {
  const CollectorSpec& spec = spec_of(name);
  Options options = Options::defaults(spec);
  set(options);
  auto made = spec.make(host, options);
  REQUIRE(made);
  return std::move(*made);
}

inline std::unique_ptr<Collector> made_collector(std::string_view name, const Host& host) {
  return made_collector(name, host, [](Options&) {});
}

/// Reads and publishes once at `seconds`; the error's message, or "".
inline std::string tick(Collector& collector, int seconds = 1) {
  constexpr std::int64_t kSecond = 1'000'000'000;
  const auto read = collector.read({seconds * kSecond, kSecond});
  if (!read) return read.error().message;
  collector.publish();
  return {};
}

/// An option's value as its YAML text gives it.
inline Options::Value option(OptionType type, std::string_view text) {
  auto value = parse_option(type, text);
  REQUIRE(value);
  return *value;
}

}  // namespace kernstat
