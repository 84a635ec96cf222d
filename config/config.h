// SPDX-License-Identifier: Apache-2.0
// The configuration as plain values, its one reader and its one writer.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/collector.h"
#include "collectors/options.h"
#include "config/yaml.h"

namespace kernstat {

/// Intervals that a collector or a tool may be given.
inline constexpr std::chrono::milliseconds kShortestInterval{100};
inline constexpr std::chrono::milliseconds kLongestInterval{3'600'000};

struct WebConfig {
  std::vector<std::string> listen_addresses{":10777"};
  std::string telemetry_path = "/metrics";
  bool reload = false;
  bool operator==(const WebConfig&) const = default;
};

struct LimitsConfig {
  std::uint32_t series = 20'000;
  std::uint64_t scrape_bytes = std::uint64_t{16} << 20;
  bool stretch = true;
  bool operator==(const LimitsConfig&) const = default;
};

enum class LogLevel : std::uint8_t { kDebug, kInfo, kWarn, kError };
enum class LogFormat : std::uint8_t { kLogfmt, kJson };

struct LogConfig {
  LogLevel level = LogLevel::kInfo;
  LogFormat format = LogFormat::kLogfmt;
  bool operator==(const LogConfig&) const = default;
};

struct BpfConfig {
  bool enabled = true;
  std::string dir;  ///< of the shipped tools; once loaded it is never empty
  std::string user_dir;
  std::vector<std::string> more_dirs;  ///< of the command line: the operator's, as user_dir

  /// All that are searched, in this order; a tool of a later one replaces its namesake.
  std::vector<std::string> directories() const;
  /// The same for people: "/usr/lib/kernstat/bpf, /etc/kernstat/bpf".
  std::string searched() const;

  std::uint64_t memory_limit = std::uint64_t{32} << 20;
  double budget = 0.01;
  bool lockdown = false;
  bool operator==(const BpfConfig&) const = default;
};

/// One collector or BPF tool as it is to run.
struct CollectorConfig {
  bool enabled = true;
  std::chrono::milliseconds interval{1000};
  bool interval_fixed = false;  ///< another interval than the default: never stretched
  Options options;
  bool operator==(const CollectorConfig&) const = default;

  static CollectorConfig defaults(const CollectorSpec& spec);
};

struct Config {
  WebConfig web;
  LimitsConfig limits;
  LogConfig log;
  BpfConfig bpf;
  std::map<std::string, CollectorConfig, std::less<>> collectors;  ///< all known ones
  std::map<std::string, CollectorConfig, std::less<>> tools;       ///< all of the BPF directories
  bool operator==(const Config&) const = default;
};

/// What a configuration may speak of.
struct KnownSpecs {
  std::vector<CollectorSpec> collectors;
  /// The BPF tools of the directories that `bpf` names; called once a load, after `bpf` is read.
  /// May be empty: no tools.
  std::function<std::vector<CollectorSpec>(const BpfConfig& bpf)> tools;
};

/// Values of the command line, which win over the file's.
struct ConfigOverrides {
  std::vector<std::string> listen_addresses;
  std::optional<std::string> telemetry_path;
  std::optional<LogLevel> log_level;
  std::optional<LogFormat> log_format;
  std::optional<bool> bpf_enabled;
  std::vector<std::string> bpf_dirs;  ///< --bpf.dir
  std::string shipped_dir;            ///< where the shipped tools are unless the file says so
};

/// A configuration together with the tools that it found.
struct LoadedConfig {
  Config config;
  std::vector<CollectorSpec> tools;
};

/// Reads the text of a configuration file. `file` is its name for problems. Reports every problem
/// there is; nothing when there was one. Empty text: all defaults.
std::optional<LoadedConfig> load_config(std::string_view text, const std::string& file,
                                        const KnownSpecs& known, const ConfigOverrides& overrides,
                                        Problems& problems);

/// The names of the log levels and formats, in the order of their enumerations.
const std::vector<std::string_view>& log_level_names();
const std::vector<std::string_view>& log_format_names();

/// The reference file: every key with its default and what it means. load_config() of it gives the
/// defaults.
std::string reference_config(const std::vector<CollectorSpec>& collectors,
                             const std::vector<CollectorSpec>& tools);

}  // namespace kernstat
