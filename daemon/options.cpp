// SPDX-License-Identifier: Apache-2.0
#include "daemon/options.h"

#include <CLI/CLI.hpp>
#include <filesystem>
#include <iostream>

#include "daemon/version.h"

namespace kernstat {
namespace {

constexpr int kWrongUse = 2;

constexpr const char* kDescription =
    "kernstatd samples this host from /proc, /sys, netlink and eBPF and serves it to Prometheus.\n"
    "Without flags it runs with its defaults: http://localhost:10777/";

constexpr const char* kFooter =
    "Signals: SIGTERM and SIGINT end it, SIGHUP reads the configuration again.\n"
    "Exit codes: 0 ended well, 1 could not start, 2 wrong flag or wrong configuration.\n"
    "A file for all the rest: kernstatd --default-config > kernstatd.yaml";

template <typename T>
std::optional<T> choice(const std::string& text, const std::vector<std::string_view>& names) {
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (names[i] == text) return static_cast<T>(i);
  }
  return std::nullopt;
}

std::vector<std::string> strings(const std::vector<std::string_view>& names) {
  return {names.begin(), names.end()};
}

constexpr const char* kCommands = "Instead of running";

// One of `names`, without the list in the help: the text has it.
CLI::Validator one_of(const std::vector<std::string>& names) {
  return CLI::IsMember(names).description("");
}

// Values as the library fills them in.
struct Raw {
  std::string telemetry_path;
  std::string log_level;
  std::string log_format;
  std::string bpf;
  bool once = false;
  bool check = false;
  bool reference = false;
  bool list = false;
};

void declare_settings(CLI::App& app, CommandLine& line, Raw& raw) {
  constexpr const char* kConfig = "Configuration";
  app.add_option("--config.file", line.config_file,
                 "Configuration file (default " + line.config_file + ", if it is there)")
      ->type_name("FILE")
      ->group(kConfig);
  app.add_option("--web.listen-address", line.overrides.listen_addresses,
                 "Address to listen on, [host]:port; may be given several times (default :10777)")
      ->type_name("ADDRESS")
      ->allow_extra_args(false)
      ->group(kConfig);
  app.add_option("--web.telemetry-path", raw.telemetry_path,
                 "Path that Prometheus scrapes (default /metrics)")
      ->type_name("PATH")
      ->group(kConfig);
  app.add_option("--bpf", raw.bpf, "on or off: whether any program runs in the kernel")
      ->type_name("on|off")
      ->check(one_of({"on", "off"}))
      ->group(kConfig);
  app.add_option("--bpf.dir", line.overrides.bpf_dirs,
                 "Adds a directory with BPF tools of your own; may be given several times")
      ->type_name("DIR")
      ->allow_extra_args(false)
      ->group(kConfig);
  app.add_option("--btf.path", line.btf_path,
                 "Type information of the kernel, where /sys/kernel/btf/vmlinux is missing")
      ->type_name("FILE")
      ->group(kConfig);
  app.add_option("--log.level", raw.log_level, "debug, info, warn or error (default info)")
      ->type_name("LEVEL")
      ->check(one_of(strings(log_level_names())))
      ->group(kConfig);
  app.add_option("--log.format", raw.log_format, "logfmt or json (default logfmt)")
      ->type_name("FORMAT")
      ->check(one_of(strings(log_format_names())))
      ->group(kConfig);
}

void declare_paths(CLI::App& app, CommandLine& line) {
  constexpr const char* kPaths = "Where the host is";
  app.add_option("--path.procfs", line.host.proc, "procfs (default /proc)")
      ->type_name("DIR")
      ->group(kPaths);
  app.add_option("--path.sysfs", line.host.sys, "sysfs (default /sys)")
      ->type_name("DIR")
      ->group(kPaths);
  app.add_option("--path.rootfs", line.host.root,
                 "The host's / as it is seen from here (default /)")
      ->type_name("DIR")
      ->group(kPaths);
}

void declare_commands(CLI::App& app, Raw& raw) {
  const auto add = [&](const std::string& name, bool& flag, const std::string& help) {
    app.add_flag(name, flag, help)->group(kCommands);
  };
  add("--once", raw.once, "Print one exposition, and on standard error how each collector fared");
  add("--check-config", raw.check, "Say what is wrong with the configuration");
  add("--default-config", raw.reference,
      "Print a configuration with every key, its default and what it means");
  add("--list", raw.list, "Print the collectors and BPF tools with their options");
}

void take(const Raw& raw, CommandLine& line) {
  const auto given = [](const std::string& text) {
    return text.empty() ? std::nullopt : std::optional<std::string>(text);
  };
  line.overrides.telemetry_path = given(raw.telemetry_path);
  std::error_code ignored;
  line.overrides.shipped_dir =
      shipped_tools(std::filesystem::read_symlink("/proc/self/exe", ignored));
  line.overrides.log_level = choice<LogLevel>(raw.log_level, log_level_names());
  line.overrides.log_format = choice<LogFormat>(raw.log_format, log_format_names());
  if (!raw.bpf.empty()) line.overrides.bpf_enabled = raw.bpf == "on";
  if (raw.once) line.command = Command::kOnce;
  if (raw.check) line.command = Command::kCheckConfig;
  if (raw.reference) line.command = Command::kDefaultConfig;
  if (raw.list) line.command = Command::kList;
}

}  // namespace

std::string shipped_tools(const std::filesystem::path& executable) {
  constexpr const char* kInstalled = "/usr/lib/kernstat/bpf";
  if (executable.empty()) return kInstalled;
  const std::filesystem::path here = executable.parent_path();
  std::error_code ignored;
  for (const auto& directory : {here / "bpf", here.parent_path() / "lib/kernstat/bpf"}) {
    if (std::filesystem::is_directory(directory, ignored)) return directory.string();
  }
  return kInstalled;
}

std::optional<CommandLine> parse_command_line(int argc, const char* const* argv, int& exit_code) {
  CommandLine line;
  Raw raw;
  // The library reports by exceptions, --help and --version included.
  try {
    CLI::App app(kDescription, "kernstatd");
    app.footer(kFooter);
    app.get_formatter()->column_width(34);
    app.get_formatter()->label("OPTIONS", "FLAGS");
    app.set_help_flag("-h,--help", "Print this")->group(kCommands);
    app.set_version_flag(
           "--version",
           "kernstatd " + std::string(version()) + " (" + std::string(compiler()) + ")",
           "Print the version")
        ->group(kCommands);
    declare_commands(app, raw);
    declare_settings(app, line, raw);
    declare_paths(app, line);
    try {
      app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
      const int code = app.exit(error, std::cout, std::cerr);
      exit_code = code == 0 ? 0 : kWrongUse;
      return std::nullopt;
    }
    if (raw.once + raw.check + raw.reference + raw.list > 1) {
      std::cerr << "Only one of --once, --check-config, --default-config and --list at a time\n";
      exit_code = kWrongUse;
      return std::nullopt;
    }
    line.config_file_given = app.count("--config.file") > 0;
  } catch (const std::exception& error) {
    std::cerr << "kernstatd: " << error.what() << '\n';
    exit_code = kWrongUse;
    return std::nullopt;
  }
  take(raw, line);
  return line;
}

}  // namespace kernstat
