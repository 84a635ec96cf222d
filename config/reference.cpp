// SPDX-License-Identifier: Apache-2.0
#include <string>

#include "config/config.h"

namespace kernstat {
namespace {

// A scalar that reads back as the same text: single quotes know no escapes but the doubled quote.
std::string quoted(std::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    out += c;
    if (c == '\'') out += c;
  }
  return out + "'";
}

std::string duration(std::chrono::milliseconds value) {
  const auto ms = value.count();
  if (ms % 1000 != 0 || ms == 0) return std::to_string(ms) + "ms";
  if (ms % 60'000 != 0) return std::to_string(ms / 1000) + "s";
  return std::to_string(ms / 60'000) + "m";
}

std::string size(std::uint64_t bytes) {
  constexpr std::uint64_t kMi = std::uint64_t{1} << 20;
  if (bytes % kMi == 0) return std::to_string(bytes / kMi) + "MiB";
  return std::to_string(bytes);
}

std::string flag(bool value) { return value ? "true" : "false"; }

std::string ratio(double value) {
  std::string text = std::to_string(value);
  while (text.ends_with('0')) text.pop_back();
  if (text.ends_with('.')) text.pop_back();
  return text;
}

// Keys with their explanation above them, at one depth.
class Writer {
 public:
  void section(std::string_view name, std::string_view help) {
    text_ += '\n';
    comment(0, help);
    text_.append(name).append(":\n");
  }
  void key(int depth, std::string_view name, const std::string& value, std::string_view help) {
    comment(depth, help);
    indent(depth);
    text_.append(name).append(": ").append(value) += '\n';
  }
  void open(int depth, std::string_view name, std::string_view help) {
    comment(depth, help);
    indent(depth);
    text_.append(name).append(":\n");
  }
  void comment(int depth, std::string_view help) {
    if (help.empty()) return;
    indent(depth);
    text_.append("# ").append(help) += '\n';
  }
  std::string take() { return std::move(text_); }

 private:
  void indent(int depth) { text_.append(static_cast<std::size_t>(depth) * 2, ' '); }
  std::string text_;
};

std::string option_value(const OptionSpec& option) {
  switch (option.type) {
    case OptionType::kRegex:
    case OptionType::kText:
      return quoted(option.default_value);
    case OptionType::kTextList:
      return option.default_value.empty() || option.default_value == "[]"
                 ? "[]"
                 : "[" + quoted(option.default_value) + "]";
    default:
      return option.default_value;
  }
}

void write_collectors(Writer& out, int depth, const std::vector<CollectorSpec>& specs) {
  for (const CollectorSpec& spec : specs) {
    out.open(depth, spec.name, spec.help);
    out.key(depth + 1, "enabled", flag(spec.enabled), "");
    out.key(depth + 1, "interval", duration(spec.interval), "");
    for (const OptionSpec& option : spec.options) {
      out.key(depth + 1, option.key, option_value(option), option.help);
    }
  }
}

void write_web(Writer& out) {
  const WebConfig web;
  out.section("web", "The HTTP server. A changed address or path needs a restart.");
  std::string addresses;
  for (const auto& address : web.listen_addresses) {
    addresses += (addresses.empty() ? "" : ", ") + quoted(address);
  }
  out.key(1, "listen_addresses", "[" + addresses + "]",
          "Where to listen: ':10777' (every address) or '127.0.0.1:10777'; where CivetWeb has IPv6 "
          "(Debian 12's has not: then every IPv4 address), '[::1]:10777', too.");
  out.key(1, "telemetry_path", web.telemetry_path, "The path that Prometheus scrapes.");
  out.key(1, "reload", flag(web.reload),
          "Whether POST /-/reload reads this file again, as SIGHUP always does.");
}

void write_limits(Writer& out) {
  const LimitsConfig limits;
  out.section("limits", "What one scrape may cost.");
  out.key(1, "series", std::to_string(limits.series),
          "Most series in a scrape besides the daemon's own, as Prometheus counts them (a classic "
          "histogram is one for each bucket and two more); what is beyond is cut and counted, "
          "first of text files, then of the largest collector.");
  out.key(1, "scrape_bytes", size(limits.scrape_bytes),
          "Most bytes in a scrape before compression; what is beyond is cut and counted.");
  out.key(1, "stretch", flag(limits.stretch),
          "Whether a collector that costs more than 0.1 % of one CPU is read less often (up to 15s)"
          " unless it has another interval than its default.");
}

void write_log(Writer& out) {
  const LogConfig log;
  out.section("log", "The log, on standard error.");
  out.key(1, "level", std::string(log_level_names()[static_cast<std::size_t>(log.level)]),
          "debug, info, warn or error.");
  out.key(1, "format", std::string(log_format_names()[static_cast<std::size_t>(log.format)]),
          "logfmt or json.");
}

void write_bpf(Writer& out, const std::vector<CollectorSpec>& tools) {
  const BpfConfig bpf;
  out.section("bpf", "The programs in the kernel. 'bpf: off' instead of the map turns them off.");
  out.key(1, "enabled", flag(bpf.enabled), "Whether any BPF tool runs.");
  out.key(1, "dir", quoted(bpf.dir),
          "Where the shipped tools are; empty: in bpf beside the daemon, else in "
          "../lib/kernstat/bpf from there. A change, also of the files in it, needs a restart.");
  out.key(1, "user_dir", quoted(bpf.user_dir),
          "Where tools of your own are, if any; --bpf.dir adds more. A change needs a restart.");
  out.key(1, "memory_limit", size(bpf.memory_limit),
          "Kernel memory for the maps of all tools. A change needs a restart.");
  out.key(1, "budget", ratio(bpf.budget),
          "The part of one CPU that one tool may cost before it is shed for a while. A change "
          "needs a restart.");
  out.key(1, "lockdown", flag(bpf.lockdown),
          "Whether all privileges go once the tools are attached: then no tool can be reloaded.");
  if (tools.empty()) {
    out.key(
        1, "tools", "{}",
        "By name of the tool: enabled, interval, and the options that 'kernstatd --list' shows.");
    return;
  }
  out.open(1, "tools", "By name: enabled, interval (100ms to 1h), and options of the tool's own.");
  write_collectors(out, 2, tools);
}

}  // namespace

std::string reference_config(const std::vector<CollectorSpec>& collectors,
                             const std::vector<CollectorSpec>& tools) {
  Writer out;
  out.comment(0,
              "Configuration of kernstatd. Every key stands here with its default; a file needs");
  out.comment(0, "only those that differ. 'kernstatd --check-config' says what is wrong with it.");
  write_web(out);
  write_limits(out);
  write_log(out);
  write_bpf(out, tools);
  out.section("collectors",
              "By name: enabled, interval (100ms to 1h), and options of the collector's own.");
  write_collectors(out, 1, collectors);
  return out.take();
}

}  // namespace kernstat
