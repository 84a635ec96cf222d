// SPDX-License-Identifier: Apache-2.0
#include "config/config.h"

#include <algorithm>
#include <set>
#include <utility>

#include "collectors/support/text.h"
#include "config/listen_address.h"
#include "config/map_reader.h"

namespace kernstat {
namespace {

using CollectorMap = std::map<std::string, CollectorConfig, std::less<>>;

std::optional<std::string> wrong_address(const std::string& address) {
  if (parse_listen_address(address)) return std::nullopt;
  return "expected an address like :10777, 127.0.0.1:10777 or [::1]:10777, got '" + address + "'";
}

bool good_path(std::string_view path) {
  return path.size() > 1 && path.size() < 256 && path.starts_with('/') &&
         !path.starts_with("/-/") &&
         path.find_first_not_of(
             "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-") ==
             std::string_view::npos;
}

void read_web(MapReader reader, WebConfig& web) {
  std::vector<std::string> addresses;
  if (reader.read("listen_addresses", addresses)) {
    for (const std::string& address : addresses) {
      if (const auto wrong = wrong_address(address)) reader.problem("listen_addresses", *wrong);
    }
    if (addresses.empty()) reader.problem("listen_addresses", "needs at least one address");
    web.listen_addresses = std::move(addresses);
  }
  if (reader.read("telemetry_path", web.telemetry_path) && !good_path(web.telemetry_path)) {
    reader.problem("telemetry_path",
                   "expected a path like /metrics (not / itself, nothing below /-/), got '" +
                       web.telemetry_path + "'");
  }
  reader.read("reload", web.reload);
}

void read_limits(MapReader reader, LimitsConfig& limits) {
  constexpr std::uint64_t kLeastBytes = 64 << 10;
  reader.read("series", limits.series, 100U, 10'000'000U);
  if (reader.read_bytes("scrape_bytes", limits.scrape_bytes) && limits.scrape_bytes < kLeastBytes) {
    reader.problem("scrape_bytes", "less than 64KiB would cut every scrape");
  }
  reader.read("stretch", limits.stretch);
}

void read_log(MapReader reader, LogConfig& log) {
  std::size_t choice = 0;
  if (reader.read_choice("level", log_level_names(), choice)) {
    log.level = static_cast<LogLevel>(choice);
  }
  if (reader.read_choice("format", log_format_names(), choice)) {
    log.format = static_cast<LogFormat>(choice);
  }
}

void read_collector(MapReader reader, const CollectorSpec& spec, CollectorConfig& config) {
  reader.read("enabled", config.enabled);
  if (reader.read("interval", config.interval)) {
    if (config.interval < kShortestInterval || config.interval > kLongestInterval) {
      reader.problem("interval", "must be from 100ms to 1h");
    }
    config.interval_fixed = config.interval != spec.interval;
  }
  for (const OptionSpec& option : spec.options) {
    Options::Value value;
    if (reader.read_option(option.key, option.type, value)) {
      config.options.set(option.key, std::move(value));
    }
  }
}

// The map whose keys are names of collectors, or of tools.
void read_collectors(MapReader reader, const std::vector<CollectorSpec>& known,
                     std::string_view what, CollectorMap& configs) {
  std::vector<std::string> names;
  names.reserve(known.size());
  for (const CollectorSpec& spec : known) names.push_back(spec.name);
  for (const auto& [key, value] : reader.entries()) {
    const auto spec =
        std::find_if(known.begin(), known.end(),
                     [&name = key.text](const CollectorSpec& s) { return s.name == name; });
    if (spec == known.end()) {
      reader.problem_at(
          key, "unknown " + std::string(what) + " " + describe(key) + known_here(key.text, names));
      continue;
    }
    read_collector(MapReader(value, reader.file(), reader.path(key.text), reader.problems()), *spec,
                   configs[spec->name]);
  }
}

void fill_defaults(const std::vector<CollectorSpec>& specs, CollectorMap& configs) {
  for (const CollectorSpec& spec : specs) configs[spec.name] = CollectorConfig::defaults(spec);
}

// What `bpf.tools` says waits until the directories are known.
const YamlNode* read_bpf(MapReader reader, BpfConfig& bpf) {
  constexpr std::uint64_t kLeastMemory = std::uint64_t{1} << 20;
  reader.read("enabled", bpf.enabled);
  reader.read("dir", bpf.dir);
  reader.read("user_dir", bpf.user_dir);
  if (reader.read_bytes("memory_limit", bpf.memory_limit) && bpf.memory_limit < kLeastMemory) {
    reader.problem("memory_limit", "must be 1MiB or more");
  }
  if (reader.read("budget", bpf.budget) && !(bpf.budget > 0 && bpf.budget <= 1)) {
    reader.problem("budget", "must be a part of one CPU above 0 and up to 1, like 0.01");
  }
  reader.read("lockdown", bpf.lockdown);
  return reader.child("tools");
}

// `bpf: off` and `bpf: on` stand for bpf.enabled alone.
const YamlNode* read_bpf_section(MapReader& reader, BpfConfig& bpf) {
  const YamlNode* node = reader.child("bpf");
  if (node == nullptr) return nullptr;
  if (node->kind == YamlNode::Kind::kScalar) {
    reader.read("bpf", bpf.enabled);
    return nullptr;
  }
  return read_bpf(MapReader(*node, reader.file(), "bpf", reader.problems()), bpf);
}

void apply(const ConfigOverrides& overrides, Config& config, Problems& problems) {
  if (!overrides.listen_addresses.empty()) {
    config.web.listen_addresses = overrides.listen_addresses;
    for (const std::string& address : overrides.listen_addresses) {
      if (const auto wrong = wrong_address(address)) {
        problems.add({"--web.listen-address", 0, 0, *wrong});
      }
    }
  }
  if (overrides.telemetry_path) {
    config.web.telemetry_path = *overrides.telemetry_path;
    if (!good_path(*overrides.telemetry_path)) {
      problems.add({"--web.telemetry-path", 0, 0,
                    "expected a path like /metrics, got '" + *overrides.telemetry_path + "'"});
    }
  }
  config.log.level = overrides.log_level.value_or(config.log.level);
  config.log.format = overrides.log_format.value_or(config.log.format);
  config.bpf.enabled = overrides.bpf_enabled.value_or(config.bpf.enabled);
  if (config.bpf.dir.empty()) config.bpf.dir = overrides.shipped_dir;
  config.bpf.more_dirs = overrides.bpf_dirs;
}

}  // namespace

std::vector<std::string> BpfConfig::directories() const {
  std::vector<std::string> all{dir};
  if (!user_dir.empty()) all.push_back(user_dir);
  all.insert(all.end(), more_dirs.begin(), more_dirs.end());
  return all;
}

std::string BpfConfig::searched() const {
  std::string text;
  for (const std::string& directory : directories()) {
    if (!text.empty()) text += ", ";
    text += directory;
  }
  return text;
}

CollectorConfig CollectorConfig::defaults(const CollectorSpec& spec) {
  return {spec.enabled, spec.interval, false, Options::defaults(spec)};
}

const std::vector<std::string_view>& log_level_names() {
  static const std::vector<std::string_view> kNames{"debug", "info", "warn", "error"};
  return kNames;
}

const std::vector<std::string_view>& log_format_names() {
  static const std::vector<std::string_view> kNames{"logfmt", "json"};
  return kNames;
}

std::optional<LoadedConfig> load_config(std::string_view text, const std::string& file,
                                        const KnownSpecs& known, const ConfigOverrides& overrides,
                                        Problems& problems) {
  const std::size_t before = problems.size();
  const auto document = parse_yaml(text, file, problems);
  if (!document) return std::nullopt;
  LoadedConfig loaded;
  Config& config = loaded.config;
  {
    MapReader reader(*document, file, "", problems);
    const auto section = [&](std::string_view key, auto read, auto& into) {
      if (const YamlNode* node = reader.child(key)) {
        read(MapReader(*node, file, std::string(key), problems), into);
      }
    };
    section("web", read_web, config.web);
    section("limits", read_limits, config.limits);
    section("log", read_log, config.log);
    const YamlNode* tools = read_bpf_section(reader, config.bpf);
    fill_defaults(known.collectors, config.collectors);
    if (const YamlNode* node = reader.child("collectors")) {
      read_collectors(MapReader(*node, file, "collectors", problems), known.collectors, "collector",
                      config.collectors);
    }
    apply(overrides, config, problems);
    if (known.tools && config.bpf.enabled) loaded.tools = known.tools(config.bpf);
    fill_defaults(loaded.tools, config.tools);
    // Without BPF nobody has looked which tools there are, so that nothing can be said of them.
    if (tools != nullptr && config.bpf.enabled) {
      read_collectors(MapReader(*tools, file, "bpf.tools", problems), loaded.tools, "tool",
                      config.tools);
    }
  }
  if (problems.size() != before) return std::nullopt;
  return loaded;
}

}  // namespace kernstat
