// SPDX-License-Identifier: Apache-2.0
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>

#include "daemon/log.h"
#include "daemon/options.h"
#include "daemon/privileges.h"
#include "daemon/run_record.h"
#include "daemon/start_checks.h"

using namespace kernstat;

namespace {

// A directory that goes with the test.
struct TemporaryDirectory {
  std::string path;
  TemporaryDirectory() {
    char name[] = "/tmp/kernstat-test-XXXXXX";
    path = ::mkdtemp(name);
  }
  ~TemporaryDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
  }
};

std::optional<CommandLine> parse(std::vector<const char*> arguments, int& exit_code) {
  arguments.insert(arguments.begin(), "kernstatd");
  return parse_command_line(static_cast<int>(arguments.size()), arguments.data(), exit_code);
}

}  // namespace

TEST_CASE("run record: two bad ends within ten minutes are remembered, a good end forgets them") {
  const TemporaryDirectory directory;
  const std::string boot = "boot-1";
  CHECK(RunRecord::begin(directory.path, boot, 1000).bad_ends() == 0);
  CHECK(RunRecord::begin(directory.path, boot, 1100).bad_ends() == 1);
  CHECK(RunRecord::begin(directory.path, boot, 1200).bad_ends() == 2);
  const RunRecord later = RunRecord::begin(directory.path, boot, 1750);
  CHECK(later.bad_ends() == 2);  // those of 1200 and 1750: 1100 is forgotten
  later.end_well();
  CHECK(RunRecord::begin(directory.path, boot, 1760).bad_ends() == 0);
}

TEST_CASE("run record: the end of the machine is not the daemon's") {
  const TemporaryDirectory directory;
  CHECK(RunRecord::begin(directory.path, "boot-1", 1000).bad_ends() == 0);
  CHECK(RunRecord::begin(directory.path, "boot-2", 10).bad_ends() == 0);
  CHECK(RunRecord::begin(directory.path, "boot-2", 20).bad_ends() == 1);
}

TEST_CASE("run record: without a directory, or with rubbish in it, nothing is remembered") {
  CHECK(RunRecord::begin("", "boot", 1).bad_ends() == 0);
  CHECK(RunRecord::begin("/nonexistent", "boot", 1).bad_ends() == 0);
  const TemporaryDirectory directory;
  std::ofstream(directory.path + "/running") << std::string("\0\n99999999999999999999\nx", 24);
  CHECK(RunRecord::begin(directory.path, "boot", 1).bad_ends() == 0);
  CHECK(RunRecord::parse("boot\n12\nx\n\n13", "boot") == std::vector<std::int64_t>{12, 13});
  CHECK(RunRecord::parse("", "boot").empty());
}

TEST_CASE("start: a procfs is told from other directories") {
  const TemporaryDirectory directory;
  Host host;
  host.proc = directory.path;
  REQUIRE_FALSE(check_proc(host));
  CHECK(check_proc(host).error().message ==
        directory.path + " is no procfs: mount it there, or say where it is with --path.procfs");
  std::ofstream(directory.path + "/loadavg") << "0 0 0 1/1 1\n";
  CHECK(check_proc(host));
  host.proc = "/nonexistent";
  CHECK(check_proc(host).error().message == "/nonexistent: No such file or directory");
}

TEST_CASE("start: reasons for no BPF") {
  const TemporaryDirectory directory;
  Host host;
  host.proc = directory.path;
  CHECK(bpf_off_reason({}, host, {}) == "");
  BpfConfig off;
  off.enabled = false;
  CHECK(bpf_off_reason(off, host, {}) == "config");
  std::ofstream(directory.path + "/cmdline") << "quiet kernstat.bpf=off\n";
  CHECK(bpf_off_reason({}, host, {}) == "command_line");
  std::ofstream(directory.path + "/cmdline") << "quiet xkernstat.bpf=off kernstat.bpf=offx\n";
  CHECK(bpf_off_reason({}, host, {}) == "");
  RunRecord::begin(directory.path, "b", 1);
  RunRecord::begin(directory.path, "b", 2);
  CHECK(bpf_off_reason({}, host, RunRecord::begin(directory.path, "b", 3)) == "restarts");
}

TEST_CASE("log: values are quoted so that a line stays a line") {
  CHECK(format_fields(LogFormat::kLogfmt, "it works",
                      {{"a", "b"}, {"path", "/x y"}, {"text", "q\"\n\\\x01"}, {"none", ""}}) ==
        "msg=\"it works\" a=b path=\"/x y\" text=\"q\\\"\\n\\\\\\u0001\" none=\"\"");
  CHECK(format_fields(LogFormat::kJson, "it works", {{"a", "b\"c"}}) ==
        "\"msg\":\"it works\",\"a\":\"b\\\"c\"");
}

TEST_CASE("privileges: a thread gives up its own and nobody else's") {
  const auto before = own_capabilities();
  REQUIRE(before);
  Result<Capabilities> inside = Capabilities{1};
  std::thread([&] {
    if (keep_capabilities(0)) inside = own_capabilities();
  }).join();
  REQUIRE(inside);
  CHECK(*inside == 0);
  CHECK(own_capabilities().value() == *before);
}

TEST_CASE("the shipped tools are found from the daemon's own place") {
  const TemporaryDirectory directory;
  namespace fs = std::filesystem;
  const fs::path root = directory.path;
  fs::create_directories(root / "bin");
  CHECK(shipped_tools(root / "bin/kernstatd") == "/usr/lib/kernstat/bpf");
  fs::create_directories(root / "lib/kernstat/bpf");
  CHECK(shipped_tools(root / "bin/kernstatd") == root / "lib/kernstat/bpf");
  fs::create_directories(root / "bin/bpf");
  CHECK(shipped_tools(root / "bin/kernstatd") == root / "bin/bpf");
  CHECK(shipped_tools("") == "/usr/lib/kernstat/bpf");
}

TEST_CASE("command line: flags of every kind") {
  int code = -1;
  const auto line =
      parse({"--config.file=/c", "--web.listen-address", ":1", "--web.listen-address=:2", "--once",
             "--path.procfs=/p", "--bpf=off", "--bpf.dir=/b", "--bpf.dir", "/c", "--btf.path=/t",
             "--log.level=debug", "--log.format=json", "--web.telemetry-path=/m"},
            code);
  REQUIRE(line);
  CHECK(line->command == Command::kOnce);
  CHECK(line->config_file == "/c");
  CHECK(line->config_file_given);
  CHECK(line->overrides.listen_addresses == std::vector<std::string>{":1", ":2"});
  CHECK(line->host.proc == "/p");
  CHECK(line->host.sys == "/sys");
  CHECK(line->overrides.bpf_enabled == false);
  CHECK(line->overrides.bpf_dirs == std::vector<std::string>{"/b", "/c"});
  CHECK(line->overrides.shipped_dir == KERNSTAT_BUILD "/tests/bpf");
  CHECK(line->btf_path == "/t");
  CHECK(line->overrides.log_level == LogLevel::kDebug);
  CHECK(line->overrides.log_format == LogFormat::kJson);
  const auto plain = parse({}, code);
  REQUIRE(plain);
  CHECK(plain->command == Command::kRun);
  CHECK_FALSE(plain->config_file_given);
  CHECK_FALSE(plain->overrides.bpf_enabled);
}
