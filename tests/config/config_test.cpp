// SPDX-License-Identifier: Apache-2.0
#include "config/config.h"

#include <catch2/catch.hpp>
#include <cstdlib>

#include "collectors/support/host.h"

using namespace kernstat;

namespace {

std::vector<CollectorSpec> some_specs() {
  std::vector<CollectorSpec> specs;
  specs.push_back({.name = "disk",
                   .help = "Disks.",
                   .interval = std::chrono::seconds(2),
                   .options = Filter::options("device", "", "^loop\\d's$")});
  specs.push_back({.name = "rare",
                   .help = "Rare.",
                   .interval = std::chrono::milliseconds(1500),
                   .enabled = false,
                   .options = {{"timeout", OptionType::kDuration, "5s", "How long."},
                               {"dirs", OptionType::kTextList, "[]", "Where."},
                               {"size", OptionType::kBytes, "1MiB", "How much."},
                               {"deep", OptionType::kBool, "true", "Whether."},
                               {"part", OptionType::kNumber, "0.5", "Part."},
                               {"word", OptionType::kText, "it's", "A word."}}});
  return specs;
}

KnownSpecs known() {
  return {some_specs(), [](const BpfConfig&) {
            std::vector<CollectorSpec> tools;
            tools.push_back({.name = "biolatency",
                             .help = "Latency.",
                             .interval = std::chrono::seconds(1),
                             .lane = Lane::kBpf,
                             .options = {{"max_series", OptionType::kNumber, "500", "Most."}}});
            return tools;
          }};
}

std::string problems_of(std::string_view text, const ConfigOverrides& overrides = {}) {
  Problems problems;
  const auto loaded = load_config(text, "k.yaml", known(), overrides, problems);
  CHECK(loaded.has_value() == problems.empty());
  return problems.text();
}

}  // namespace

TEST_CASE("config: an empty file is all defaults, and so is the reference file") {
  Problems problems;
  const auto empty = load_config("", "k.yaml", known(), {}, problems);
  const auto tools = known().tools({});
  const std::string reference = reference_config(some_specs(), tools);
  const auto full = load_config(reference, "k.yaml", known(), {}, problems);
  INFO(reference);
  CHECK(problems.text() == "");
  REQUIRE(empty);
  REQUIRE(full);
  CHECK(empty->config == full->config);
  CHECK(full->config.web == WebConfig{});
  CHECK(full->config.limits == LimitsConfig{});
  CHECK(full->config.bpf == BpfConfig{});
  CHECK(full->config.collectors.at("disk").options.text("device_exclude") == "^loop\\d's$");
  CHECK_FALSE(full->config.collectors.at("disk").interval_fixed);
}

TEST_CASE("config: the shipped file is what --default-config prints") {
  const std::string path = std::string(KERNSTAT_SOURCE) + "/config/kernstatd.yaml";
  const auto shipped = read_file(path);
  REQUIRE(shipped);
  INFO(
      "if a collector or an option is new: kernstatd --default-config --bpf=off > "
      "config/kernstatd.yaml");
  CHECK(*shipped == reference_config(registered_collectors(), {}));
  Problems problems;
  const auto loaded = load_config(*shipped, path, {registered_collectors(), {}}, {}, problems);
  CHECK(problems.text() == "");
  REQUIRE(loaded);
  const auto empty = load_config("", path, {registered_collectors(), {}}, {}, problems);
  REQUIRE(empty);
  CHECK(loaded->config == empty->config);
}

TEST_CASE("config: values are read") {
  Problems problems;
  const auto loaded = load_config(
      "web: {listen_addresses: ['127.0.0.1:1', '[::1]:2'], telemetry_path: /m, reload: true}\n"
      "limits: {series: 100, scrape_bytes: 1MiB, stretch: off}\n"
      "log: {level: debug, format: json}\n"
      "bpf: {memory_limit: 8MiB, budget: 0.5, lockdown: true, tools: {biolatency: {enabled: false, "
      "max_series: 7}}}\n"
      "collectors:\n  disk: {interval: 100ms, device_exclude: '', device_include: '^sd'}\n"
      "  rare: {enabled: true, dirs: [/a, /b]}\n",
      "k.yaml", known(), {}, problems);
  CHECK(problems.text() == "");
  REQUIRE(loaded);
  const Config& config = loaded->config;
  CHECK(config.web.listen_addresses == std::vector<std::string>{"127.0.0.1:1", "[::1]:2"});
  CHECK(config.web.telemetry_path == "/m");
  CHECK(config.web.reload);
  CHECK(config.limits == LimitsConfig{100, 1 << 20, false});
  CHECK(config.log == LogConfig{LogLevel::kDebug, LogFormat::kJson});
  CHECK(config.bpf.memory_limit == 8U << 20);
  CHECK(config.bpf.lockdown);
  CHECK_FALSE(config.tools.at("biolatency").enabled);
  CHECK(config.tools.at("biolatency").options.number("max_series") == 7);
  CHECK(config.collectors.at("disk").interval == std::chrono::milliseconds(100));
  CHECK(config.collectors.at("disk").interval_fixed);
  CHECK(config.collectors.at("disk").options.regex("device_exclude") == nullptr);
  CHECK(config.collectors.at("rare").enabled);
  CHECK(config.collectors.at("rare").options.list("dirs") == std::vector<std::string>{"/a", "/b"});
}

TEST_CASE("config: every problem is reported at once, with place and what is known") {
  CHECK(problems_of("web: {listen_addresses: ['host', '[::1]:70000', '::1:5', 'localhost:80'], "
                    "telemetry_path: m}\n"
                    "limits: {series: 1}\n"
                    "bpf: {budget: 0, tools: {biolatncy: {}, biolatency: {colour: red}}}\n"
                    "collectors:\n"
                    "  disks: {}\n"
                    "  disk: {interval: 10ms, device_exclude: '('}\n"
                    "  rare: 5\n"
                    "web: {}\n") ==
        "k.yaml:1:25: web.listen_addresses: expected an address like :10777, 127.0.0.1:10777 or "
        "[::1]:10777, got 'host'\n"
        "k.yaml:1:25: web.listen_addresses: expected an address like :10777, 127.0.0.1:10777 or "
        "[::1]:10777, got '[::1]:70000'\n"
        "k.yaml:1:25: web.listen_addresses: expected an address like :10777, 127.0.0.1:10777 or "
        "[::1]:10777, got '::1:5'\n"
        "k.yaml:1:25: web.listen_addresses: expected an address like :10777, 127.0.0.1:10777 or "
        "[::1]:10777, got 'localhost:80'\n"
        "k.yaml:1:91: web.telemetry_path: expected a path like /metrics (not / itself, nothing "
        "below /-/), got 'm'\n"
        "k.yaml:2:18: limits.series: expected a whole number from 100 to 10000000, got '1'\n"
        "k.yaml:3:15: bpf.budget: must be a part of one CPU above 0 and up to 1, like 0.01\n"
        "k.yaml:3:26: bpf.tools: unknown tool 'biolatncy'; known here: biolatency; did you mean "
        "'biolatency'?\n"
        "k.yaml:3:54: unknown key 'colour'; known here: enabled, interval, max_series\n"
        "k.yaml:5:3: collectors: unknown collector 'disks'; known here: disk, rare; did you mean "
        "'disk'?\n"
        "k.yaml:6:20: collectors.disk.interval: must be from 100ms to 1h\n"
        "k.yaml:6:42: collectors.disk.device_exclude: not a regular expression (RE2 syntax): "
        "missing ): (\n"
        "k.yaml:7:9: collectors.rare: expected a map (key: value), got '5'\n"
        "k.yaml:8:1: 'web' is given twice\n");
}

TEST_CASE("config: bpf may be switched off in one word") {
  Problems problems;
  const auto off = load_config("bpf: off\n", "k.yaml", known(), {}, problems);
  REQUIRE(off);
  CHECK_FALSE(off->config.bpf.enabled);
  CHECK(off->tools.empty());
  CHECK(problems_of("bpf: maybe\n") == "k.yaml:1:6: bpf: expected true or false, got 'maybe'\n");
  CHECK(problems_of("bpf: [off]\n") ==
        "k.yaml:1:6: bpf: expected a map (key: value), got a list\n");
}

TEST_CASE("config: the command line wins, and is checked like the file") {
  Problems problems;
  ConfigOverrides overrides;
  overrides.listen_addresses = {":1"};
  overrides.telemetry_path = "/x";
  overrides.bpf_enabled = false;
  overrides.log_level = LogLevel::kError;
  const auto loaded = load_config("web: {listen_addresses: [':2']}\nlog: {level: debug}\n",
                                  "k.yaml", known(), overrides, problems);
  REQUIRE(loaded);
  CHECK(loaded->config.web.listen_addresses == std::vector<std::string>{":1"});
  CHECK(loaded->config.web.telemetry_path == "/x");
  CHECK_FALSE(loaded->config.bpf.enabled);
  CHECK(loaded->config.log.level == LogLevel::kError);
  overrides.listen_addresses = {"nowhere"};
  CHECK_THAT(problems_of("", overrides), Catch::StartsWith("--web.listen-address: expected"));
}
