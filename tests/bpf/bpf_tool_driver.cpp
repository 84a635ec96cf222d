// SPDX-License-Identifier: Apache-2.0
// Runs one BPF tool without the daemon, for tests: bpf_tool_driver TOOL.yaml [name=value …]
// [--avoid=KIND …] [--btf=FILE] [--budget=SHARE] [--max-series=N] [--sys=DIRECTORY]
// [--step=SECONDS]. With --step each read comes so many seconds later than the one before, besides
// the real time. Loads it, prints "ready" or the reason why not (exit code 3: unsupported, 4:
// denied, 1: failed), then for each line on standard input reads the tool once and prints "# error
// REASON" if that failed, its exposition and "# end".
#include <cstdio>
#include <ctime>
#include <iostream>
#include <memory>
#include <string>

#include "collectors/bpf/discover.h"
#include "daemon/page.h"
#include "daemon/render_text.h"

namespace {

using namespace kernstat;

int exit_code(ErrorKind kind) {
  if (kind == ErrorKind::kAbsent) return 3;
  return kind == ErrorKind::kDenied ? 4 : 1;
}

constexpr std::int64_t kSecond = 1'000'000'000;

// `ahead`: seconds.
Tick now(std::int64_t ahead) {
  timespec time{};
  ::clock_gettime(CLOCK_MONOTONIC, &time);
  return {(std::int64_t{time.tv_sec} + ahead) * kSecond + time.tv_nsec, 2 * kSecond};
}

bpf::Parameters parameters(int argc, char** argv) {
  bpf::Parameters result;
  for (int i = 2; i < argc; ++i) {
    const std::string argument = argv[i];
    const auto equals = argument.find('=');
    if (equals == std::string::npos || argument.starts_with("--")) continue;
    result.emplace_back(argument.substr(0, equals), std::atoll(argument.c_str() + equals + 1));
  }
  return result;
}

void print(const Collector& tool, bool current) {
  Page page;
  tool.write(page, current);
  page.finish();
  std::string text;
  render_text(page, text);
  std::fputs(text.c_str(), stdout);
  std::puts("# end");
  std::fflush(stdout);
}

struct Choice {
  bpf::EngineSettings settings;
  double budget = 1;
  std::uint32_t max_series = 0;
  std::int64_t step = 0;
};

Choice choice(int argc, char** argv) {
  Choice made;
  made.settings.debug = [](std::string_view, std::string_view log) {
    std::fwrite(log.data(), 1, log.size(), stderr);
  };
  for (int i = 2; i < argc; ++i) {
    const std::string_view argument = argv[i];
    const auto is = [&](std::string_view option) { return argument.starts_with(option); };
    const char* value = argv[i] + argument.find('=') + 1;
    if (is("--avoid=")) made.settings.avoid.emplace_back(value);
    if (is("--budget=")) made.budget = std::atof(value);
    if (is("--btf=")) made.settings.btf_path = value;
    if (is("--max-series=")) made.max_series = static_cast<std::uint32_t>(std::atoi(value));
    if (is("--sys=")) made.settings.host.sys = value;
    if (is("--step=")) made.step = std::atoll(value);
  }
  return made;
}

int run(int argc, char** argv) {
  Problems problems;
  const auto files = bpf::read_tool(argv[1], problems);
  if (!files) {
    std::fputs(problems.text().c_str(), stderr);
    return 2;
  }
  const Choice made = choice(argc, argv);
  const auto engine = std::make_shared<bpf::Engine>(made.settings);
  bpf::Tool tool(files, engine, parameters(argc, argv), made.budget, made.max_series);
  std::int64_t ahead = 0;
  for (std::string line = "first"; line == "first" || std::getline(std::cin, line);) {
    const auto read = tool.read(now(ahead));
    ahead += made.step;
    const bool is_first = line == "first";
    if (!read && is_first) {
      std::printf("error %s\n", read.error().message.c_str());
      return exit_code(read.error().kind);
    }
    if (read) tool.publish();
    if (!read) std::printf("# error %s\n", read.error().message.c_str());
    if (is_first) {
      std::puts("ready");
      std::fflush(stdout);
      line.clear();
      continue;
    }
    print(tool, read.has_value());
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fputs("usage: bpf_tool_driver TOOL.yaml [name=value ...]\n", stderr);
    return 2;
  }
  return run(argc, argv);
}
