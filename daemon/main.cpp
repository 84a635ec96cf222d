// SPDX-License-Identifier: Apache-2.0
#include <cstdio>

#include "config/config.h"
#include "daemon/app.h"
#include "daemon/load.h"
#include "daemon/once.h"
#include "daemon/options.h"
#include "daemon/start_checks.h"

namespace {

using namespace kernstat;

constexpr int kCouldNotStart = 1;

// The tools of a directory that cannot be read are left out: the reference is then the rest.
int print_reference(const CommandLine& line) {
  const KnownSpecs known = known_specs(line);
  std::vector<CollectorSpec> tools;
  if (known.tools) {
    BpfConfig bpf;
    if (line.overrides.bpf_dir) bpf.dir = *line.overrides.bpf_dir;
    Problems ignored;
    tools = known.tools(bpf, ignored);
  }
  const std::string text = reference_config(known.collectors, tools);
  return std::fwrite(text.data(), 1, text.size(), stdout) == text.size() ? 0 : kCouldNotStart;
}

int run(const CommandLine& line) {
  if (line.command == Command::kDefaultConfig) return print_reference(line);
  const auto loaded = load(line);
  if (!loaded) {
    std::fputs(loaded.error().text.c_str(), stderr);
    return loaded.error().exit_code;
  }
  switch (line.command) {
    case Command::kCheckConfig:
      std::printf("%s: no problems\n", line.config_file.c_str());
      return 0;
    case Command::kList:
      print_list(*loaded);
      return 0;
    case Command::kOnce:
    case Command::kRun:
    case Command::kDefaultConfig:
      break;
  }
  if (const auto proc = check_proc(line.host); !proc) {
    std::fprintf(stderr, "kernstatd: cannot start: %s\n", proc.error().message.c_str());
    return kCouldNotStart;
  }
  return line.command == Command::kOnce ? run_once(line, *loaded) : run_daemon(line, *loaded);
}

}  // namespace

int main(int argc, char** argv) {
  int exit_code = 0;
  const auto line = parse_command_line(argc, argv, exit_code);
  return line ? run(*line) : exit_code;
}
