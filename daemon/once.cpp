// SPDX-License-Identifier: Apache-2.0
#include "daemon/once.h"

#include <fmt/format.h>

#include <cstdio>

#include "daemon/page.h"
#include "daemon/render_text.h"
#include "daemon/runner.h"

namespace kernstat {
namespace {

// False when not all of it arrived, for instance on a full disk.
bool print(std::FILE* to, const std::string& text) {
  return std::fwrite(text.data(), 1, text.size(), to) == text.size() && std::fflush(to) == 0;
}

std::string duration(std::chrono::milliseconds value) {
  if (value.count() % 1000 != 0) return fmt::format("{}ms", value.count());
  return fmt::format("{}s", value.count() / 1000);
}

std::string table(const std::vector<CollectorStatus>& rows) {
  std::string out =
      fmt::format("{:<24} {:<12} {:>9} {:>7}  {}\n", "collector", "state", "ms", "series", "error");
  for (const CollectorStatus& row : rows) {
    const double ms = static_cast<double>(row.last_duration.count()) / 1e6;
    std::string line = fmt::format("{:<24} {:<12} {:>9.3f} {:>7}  {}", row.name,
                                   state_name(row.state), ms, row.series, row.error);
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + '\n';
  }
  return out;
}

std::string listed(const CollectorSpec& spec, bool enabled) {
  const std::string since = spec.since.empty() ? "" : " (since Linux " + spec.since + ")";
  std::string out = fmt::format("  {:<24} {:<4} {:>6}  {}{}\n", spec.name, enabled ? "on" : "off",
                                duration(spec.interval), spec.help, since);
  for (const OptionSpec& option : spec.options) {
    out += fmt::format("    {:<30} {} (default: {})\n", option.key, option.help,
                       option.default_value.empty() ? "none" : option.default_value);
  }
  return out;
}

}  // namespace

int run_once(const CommandLine& line, const LoadedConfig& loaded) {
  Runner::Settings settings;
  settings.host = line.host;
  Runner runner(std::move(settings));
  runner.run_once(loaded);
  Page page(loaded.config.limits.series);
  runner.write_all(page, {});
  page.lift_limit();
  runner.write_own(page, {});
  page.finish();
  std::string text;
  RenderLimits limits;
  limits.bytes = loaded.config.limits.scrape_bytes;
  render_text(page, text, limits);
  const bool printed = print(stdout, text);
  const auto rows = runner.status();
  static_cast<void>(print(stderr, table(rows)));
  if (page.dropped().total() > 0) {
    static_cast<void>(print(stderr, fmt::format("{} series dropped: {}\n", page.dropped().total(),
                                                page.first_problem())));
  }
  for (const CollectorStatus& row : rows) {
    if (row.state == CollectorState::kFailed) return 1;
  }
  return printed ? 0 : 1;
}

bool print_list(const LoadedConfig& loaded) {
  std::string out = "collectors, under 'collectors' in the configuration:\n";
  for (const CollectorSpec& spec : registered_collectors()) {
    out += listed(spec, loaded.config.collectors.at(spec.name).enabled);
  }
  if (loaded.tools.empty()) {
    out += loaded.config.bpf.enabled ? "no BPF tools in " + loaded.config.bpf.searched() + "\n"
                                     : std::string("BPF is off\n");
  } else {
    out += "BPF tools, under 'bpf.tools' in the configuration:\n";
    for (const CollectorSpec& spec : loaded.tools) {
      out += listed(spec, loaded.config.tools.at(spec.name).enabled);
    }
  }
  return print(stdout, out);
}

}  // namespace kernstat
