// SPDX-License-Identifier: Apache-2.0
#include <malloc.h>

#include <cstdio>

#include "config/config.h"
#include "daemon/app.h"
#include "daemon/http_server.h"
#include "daemon/load.h"
#include "daemon/once.h"
#include "daemon/options.h"
#include "daemon/start_checks.h"

namespace {

using namespace kernstat;

constexpr int kCouldNotStart = 1;
constexpr int kWrongConfiguration = 2;

int print(const std::string& text) {
  const bool printed = std::fwrite(text.data(), 1, text.size(), stdout) == text.size();
  return printed && std::fflush(stdout) == 0 ? 0 : kCouldNotStart;
}

// A broken tool is left out when the daemon runs; here it is wrong like anything else.
int check_config(const Loader& loader, const Config& config) {
  for (const std::string& text : config.web.listen_addresses) {
    const auto address = parse_listen_address(text);
    const Result<void> supported =
        address ? HttpServer::supports(*address) : Result<void>(fail(address.error()));
    if (supported) continue;
    std::fprintf(stderr, "web.listen_addresses: %s\n", supported.error().message.c_str());
    return kWrongConfiguration;
  }
  const std::string& file = loader.line().config_file;
  if (loader.tool_problems().empty()) {
    return print(file +
                 (loader.found_file() ? ": no problems\n" : " is not there: the defaults apply\n"));
  }
  std::fputs(loader.tool_problems().text().c_str(), stderr);
  return kWrongConfiguration;
}

// By default the allocator stops giving large blocks back to the system once it has seen one: the
// kernel's type information, which is needed at start only, would stay as free memory for good.
// Steady-state ticks allocate nothing, so that few arenas are enough for many threads.
void keep_heap_small() {
  constexpr int kLargeBlock = 256 << 10;
  ::mallopt(M_MMAP_THRESHOLD, kLargeBlock);
  ::mallopt(M_TRIM_THRESHOLD, kLargeBlock);
  ::mallopt(M_ARENA_MAX, 2);
}

int run(const CommandLine& line) {
  Loader loader(line);
  if (line.command == Command::kDefaultConfig) return print(loader.reference());
  const auto loaded = loader.load();
  if (!loaded) {
    // Problems within the file begin with the place where they are; a file that cannot be read has
    // none.
    const bool unread = loaded.error().exit_code == kCouldNotStart;
    std::fprintf(stderr, "%s%s", unread ? "kernstatd: cannot read the configuration: " : "",
                 loaded.error().text.c_str());
    return loaded.error().exit_code;
  }
  switch (line.command) {
    case Command::kCheckConfig:
      return check_config(loader, loaded->config);
    case Command::kList:
      return print_list(*loaded) ? 0 : kCouldNotStart;
    case Command::kOnce:
    case Command::kRun:
    case Command::kDefaultConfig:
      break;
  }
  if (const auto proc = check_proc(line.host); !proc) {
    std::fprintf(stderr, "kernstatd: cannot start: %s\n", proc.error().message.c_str());
    return kCouldNotStart;
  }
  return line.command == Command::kOnce ? run_once(line, *loaded) : run_daemon(loader, *loaded);
}

}  // namespace

int main(int argc, char** argv) {
  keep_heap_small();
  int exit_code = 0;
  const auto line = parse_command_line(argc, argv, exit_code);
  return line ? run(*line) : exit_code;
}
