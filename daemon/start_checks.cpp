// SPDX-License-Identifier: Apache-2.0
#include "daemon/start_checks.h"

#include <sys/stat.h>
#include <unistd.h>

#include "collectors/support/namespaces.h"
#include "collectors/support/text.h"

namespace kernstat {
namespace {

constexpr const char* kDisableFile = "/etc/kernstat/bpf.disable";

// Two bad ends within RunRecord::kWindow are taken for a daemon that BPF brings down.
constexpr std::size_t kMostBadEnds = 2;

}  // namespace

Result<void> check_proc(const Host& host) {
  struct stat info {};
  if (::stat(host.proc.c_str(), &info) != 0) return fail_errno(host.proc);
  for (const char* file : {"stat", "meminfo", "loadavg", "uptime"}) {
    if (::access(host.proc_path(file).c_str(), F_OK) == 0) return {};
  }
  return fail(ErrorKind::kAbsent,
              host.proc + " is no procfs: mount it there, or say where it is with --path.procfs");
}

std::vector<std::string> namespace_warnings(const Host& host) {
  std::vector<std::string> warnings;
  if (host.proc != "/proc") return warnings;
  // The first PID namespace has a fixed number (include/linux/proc_ns.h, PROC_PID_INIT_INO).
  constexpr std::uint32_t kFirstPidNamespace = 0xEFFFFFFC;
  const std::uint32_t own_pids = namespace_at("/proc/self/ns/pid");
  if (own_pids != 0 && own_pids != kFirstPidNamespace) {
    warnings.emplace_back(
        "not in the host's PID namespace: processes are those of this container; run with the "
        "host's (for instance --pid=host)");
  }
  // Only a privileged process may look at another's namespaces.
  const std::uint32_t own_net = namespace_at("/proc/self/ns/net");
  const std::uint32_t first_net = namespace_at("/proc/1/ns/net");
  if (own_net != 0 && first_net != 0 && own_net != first_net) {
    warnings.emplace_back(
        "not in the host's network namespace: interfaces and sockets are those of this namespace; "
        "run with the host's (for instance --net=host)");
  }
  return warnings;
}

std::string machine_id(const Host& host) {
  const auto id = read_file(host.root + "/etc/machine-id");
  if (id && !trim(*id).empty()) return std::string(trim(*id));
  char name[256]{};
  ::gethostname(name, sizeof name - 1);
  return name;
}

bool has_parameter(std::string_view command_line, std::string_view parameter) {
  command_line = trim(command_line);
  while (!command_line.empty()) {
    if (next_field(command_line) == parameter) return true;
  }
  return false;
}

std::string bpf_off_reason(const BpfConfig& config, const Host& host, const RunRecord& record) {
  if (!config.enabled) return "config";
  if (::access(kDisableFile, F_OK) == 0) return "file";
  const auto command_line = read_file(host.proc_path("cmdline"));
  if (command_line && has_parameter(*command_line, "kernstat.bpf=off")) return "command_line";
  if (record.bad_ends() >= kMostBadEnds) return "restarts";
  return {};
}

}  // namespace kernstat
