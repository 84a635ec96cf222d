// SPDX-License-Identifier: Apache-2.0
// Runs one BPF tool without the daemon, for tests: bpf_tool_driver TOOL.yaml [name=value …]
// [--avoid=KIND …] [--btf=FILE] [--budget=SHARE].
// Loads it, prints "ready" or the reason why not (exit code 3: unsupported, 4: denied, 1: failed),
// then for each line on standard input reads the tool once and prints "# error REASON" if that
// failed, its exposition and "# end".
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

Tick now() {
  timespec time{};
  ::clock_gettime(CLOCK_MONOTONIC, &time);
  return {std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec, 2'000'000'000};
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

int run(int argc, char** argv) {
  Problems problems;
  const auto files = bpf::read_tool(argv[1], problems);
  if (!files) {
    std::fputs(problems.text().c_str(), stderr);
    return 2;
  }
  bpf::EngineSettings settings;
  settings.debug = [](std::string_view, std::string_view log) {
    std::fwrite(log.data(), 1, log.size(), stderr);
  };
  double budget = 1;
  for (int i = 2; i < argc; ++i) {
    const std::string_view argument = argv[i];
    if (argument.starts_with("--avoid=")) settings.avoid.emplace_back(argument.substr(8));
    if (argument.starts_with("--budget=")) budget = std::atof(argv[i] + 9);
    if (argument.starts_with("--btf=")) settings.btf_path = argument.substr(6);
  }
  const auto engine = std::make_shared<bpf::Engine>(settings);
  bpf::Tool tool(files, engine, parameters(argc, argv), budget);
  for (std::string line = "first"; line == "first" || std::getline(std::cin, line);) {
    const auto read = tool.read(now());
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
