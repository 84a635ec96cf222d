// SPDX-License-Identifier: Apache-2.0
#include "collectors/bpf/attach.h"

#include <bpf/libbpf.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <optional>
#include <utility>

#include "collectors/bpf/libbpf_log.h"
#include "collectors/bpf/privilege.h"
#include "collectors/support/fd.h"
#include "collectors/support/text.h"

namespace kernstat::bpf {
namespace {

bool is_perf_kind(std::string_view kind) {
  return kind == "tracepoint" || kind == "kprobe" || kind == "uprobe" || kind == "perf_event";
}

std::string paranoia(const Host& host) {
  const auto text = read_file(host.proc_path("sys/kernel/perf_event_paranoid"));
  return text ? std::string(trim(*text)) : std::string("unknown");
}

tl::unexpected<Error> refused(const std::string& what, std::string_view kind, int error_number,
                              const Host& host) {
  const bool is_permission = error_number == EPERM || error_number == EACCES;
  if (is_permission && is_perf_kind(kind)) {
    return fail(ErrorKind::kDenied, what +
                                        ": perf_event_open was refused; it needs CAP_SYS_ADMIN " +
                                        "while kernel.perf_event_paranoid is " + paranoia(host));
  }
  if (is_permission) {
    const std::string missing = missing_bpf_capabilities();
    if (missing.empty()) return fail(ErrorKind::kAbsent, what + ": this kernel refuses it");
    return fail(ErrorKind::kDenied, what + ": needs " + missing);
  }
  return fail_errno(what, error_number);
}

Result<PlacedLink> one(bpf_link* link, const std::string& what, std::string_view kind,
                       const Host& host, const Place& place = {}) {
  const auto error = static_cast<int>(libbpf_get_error(link));
  if (error != 0) return refused(what, kind, -error, host);
  return PlacedLink{Link(link), place};
}

Result<std::vector<PlacedLink>> alone(Result<PlacedLink> link) {
  if (!link) return fail(link.error());
  std::vector<PlacedLink> links;
  links.push_back(*std::move(link));
  return links;
}

Fd open_clock(const ProgramSpec& where, int cpu) {
  perf_event_attr attributes{};
  attributes.size = sizeof attributes;
  attributes.type = PERF_TYPE_SOFTWARE;
  attributes.config =
      where.perf_event == "task_clock" ? PERF_COUNT_SW_TASK_CLOCK : PERF_COUNT_SW_CPU_CLOCK;
  attributes.freq = 1;
  attributes.sample_freq = where.frequency;
  return Fd(static_cast<int>(
      ::syscall(SYS_perf_event_open, &attributes, -1, cpu, -1, PERF_FLAG_FD_CLOEXEC)));
}

Result<std::vector<PlacedLink>> attach_clock(const Object& object, const std::string& program,
                                             const ProgramSpec& where, const Host& host) {
  std::vector<PlacedLink> links;
  const int cpus = libbpf_num_possible_cpus();
  for (int cpu = 0; cpu < cpus; ++cpu) {
    auto link = attach_cpu(object, program, where, static_cast<std::uint64_t>(cpu), host);
    if (link) {
      links.push_back(*std::move(link));
    } else if (link.error().kind != ErrorKind::kAbsent) {
      return fail(link.error());
    }
  }
  return links;
}

Result<std::vector<PlacedLink>> attach_library(const Object& object, const std::string& program,
                                               const ProgramSpec& where, const Host& host) {
  const std::vector<LibraryFile> files = Libraries(where.library, host).all();
  if (files.empty()) return fail(ErrorKind::kAbsent, "no library " + where.library + " here");
  std::vector<PlacedLink> links;
  std::optional<Error> last;
  for (const LibraryFile& file : files) {
    auto link = attach_file(object, program, where, file, host);
    if (link) {
      links.push_back(*std::move(link));
    } else {
      last = link.error();
    }
  }
  if (links.empty() && last) return fail(*last);
  return links;
}

// The mount of cgroup v2: alone at /sys/fs/cgroup, or beside v1 controllers.
Fd open_cgroup(const std::string& path, const Host& host) {
  for (const char* mount : {"fs/cgroup/unified", "fs/cgroup"}) {
    std::string place = host.sys_path(mount);
    const std::size_t root = place.size();
    if (::access(place.append("/cgroup.controllers").c_str(), F_OK) != 0) continue;
    place.resize(root);
    place.append("/").append(path);
    return Fd(::open(place.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  }
  errno = ENOENT;
  return {};
}

Result<PlacedLink> attach_cgroup(bpf_program* program, const std::string& path, const Host& host) {
  const Fd fd = open_cgroup(path, host);
  if (!fd) return fail_errno("cgroup v2 " + path);
  return one(bpf_program__attach_cgroup(program, fd.get()), "cgroup v2 " + path, "cgroup", host);
}

}  // namespace

std::string hook_kind(std::string_view section) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 14> kKinds{
      {{"tp_btf", "tp_btf"},
       {"raw_tp", "raw_tp"},
       {"raw_tracepoint", "raw_tp"},
       {"iter", "iter"},
       {"fentry", "fentry"},
       {"fexit", "fexit"},
       {"tp", "tracepoint"},
       {"tracepoint", "tracepoint"},
       {"kprobe", "kprobe"},
       {"kretprobe", "kprobe"},
       {"uprobe", "uprobe"},
       {"uretprobe", "uprobe"},
       {"perf_event", "perf_event"},
       {"sockops", "cgroup"}}};
  const std::string_view head = section.substr(0, section.find('/'));
  for (const auto& [name, kind] : kKinds) {
    if (head == name) return std::string(kind);
  }
  if (head.starts_with("cgroup")) return "cgroup";
  return std::string(head);
}

std::string hook_target(std::string_view section) {
  const auto slash = section.find('/');
  return slash == std::string_view::npos ? std::string() : std::string(section.substr(slash + 1));
}

bool is_placed(const std::string& section, const ProgramSpec* where) {
  if (where == nullptr) return false;
  const std::string kind = hook_kind(section);
  return kind == "perf_event" || (kind == "uprobe" && !where->library.empty());
}

Result<PlacedLink> attach_file(const Object& object, const std::string& program,
                               const ProgramSpec& where, const LibraryFile& file,
                               const Host& host) {
  const LibbpfLog log;
  bpf_uprobe_opts options{};
  options.sz = sizeof options;
  options.retprobe = object.section(program).starts_with("uret");
  options.func_name = where.symbol.c_str();
  bpf_link* link =
      bpf_program__attach_uprobe_opts(object.program(program), -1, file.path.c_str(), 0, &options);
  return one(link, where.library + ":" + where.symbol, "uprobe", host, file.inode);
}

Result<PlacedLink> attach_cpu(const Object& object, const std::string& program,
                              const ProgramSpec& where, std::uint64_t cpu, const Host& host) {
  const LibbpfLog log;
  const std::string what = "perf event " + where.perf_event;
  Fd fd = open_clock(where, static_cast<int>(cpu));
  if (!fd) return refused(what, "perf_event", errno, host);
  auto link = one(bpf_program__attach_perf_event(object.program(program), fd.get()), what,
                  "perf_event", host, {0, cpu});
  if (link) fd.release();
  return link;
}

Result<std::vector<PlacedLink>> attach(const Object& object, const std::string& program_name,
                                       const ProgramSpec* where, const Host& host) {
  const LibbpfLog log;
  bpf_program* program = object.program(program_name);
  if (program == nullptr) return fail(ErrorKind::kInvalid, "no program " + program_name);
  const std::string section = object.section(program_name);
  const std::string kind = hook_kind(section);
  if (is_placed(section, where)) {
    return kind == "uprobe" ? attach_library(object, program_name, *where, host)
                            : attach_clock(object, program_name, *where, host);
  }
  if (kind == "cgroup") {
    return alone(attach_cgroup(program, where == nullptr ? std::string() : where->cgroup, host));
  }
  bpf_link* link =
      kind == "iter" ? bpf_program__attach_iter(program, nullptr) : bpf_program__attach(program);
  return alone(one(link, section, kind, host));
}

}  // namespace kernstat::bpf
