// SPDX-License-Identifier: Apache-2.0
#include "collectors/bpf/iterators.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>
#include <set>

#include "collectors/bpf/privilege.h"
#include "collectors/support/fd.h"

namespace kernstat::bpf {
namespace {

Result<void> one_pass(const bpf_link* link, std::vector<std::byte>& output, std::size_t limit) {
  const Fd fd(bpf_iter_create(bpf_link__fd(link)));
  if (!fd) return fail_errno("iterator");
  constexpr std::size_t kStep = 65536;
  std::size_t used = output.size();
  for (;;) {
    output.resize(used + kStep);
    const ssize_t got = ::read(fd.get(), output.data() + used, kStep);
    if (got < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    output.resize(used + (got > 0 ? static_cast<std::size_t>(got) : 0));
    if (got < 0) return fail_errno("iterator");
    if (got == 0) return {};
    used = output.size();
    if (used > limit) return fail(ErrorKind::kSystem, "an iterator found more than fits");
  }
}

// One process of each network namespace but this thread's own.
std::vector<std::string> other_namespaces(const Host& host) {
  std::vector<std::string> paths;
  std::set<ino_t> seen;
  struct stat status {};
  if (::stat(host.proc_path("thread-self/ns/net").c_str(), &status) == 0) {
    seen.insert(status.st_ino);
  }
  const auto processes = list_directory(host.proc);
  if (!processes) return paths;
  for (const std::string& pid : *processes) {
    if (pid.empty() || pid[0] < '0' || pid[0] > '9') continue;
    std::string path = host.proc_path(pid + "/ns/net");
    if (::stat(path.c_str(), &status) != 0) continue;
    if (seen.insert(status.st_ino).second) paths.push_back(std::move(path));
  }
  return paths;
}

}  // namespace

Result<void> run_iterator(const bpf_link* link, bool all_namespaces, const Host& host,
                          std::vector<std::byte>& output, std::size_t limit) {
  const auto own = one_pass(link, output, limit);
  if (!own || !all_namespaces || !has_capability(CAP_SYS_ADMIN)) return own;
  // The iterator sees the namespace of the thread that creates it.
  const Fd home(::open(host.proc_path("thread-self/ns/net").c_str(), O_RDONLY | O_CLOEXEC));
  if (!home) return {};
  Result<void> result;
  for (const std::string& path : other_namespaces(host)) {
    const Fd there(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!there || ::setns(there.get(), CLONE_NEWNET) != 0) continue;
    result = one_pass(link, output, limit);
    if (::setns(home.get(), CLONE_NEWNET) != 0) return fail_errno("back to the own namespace");
    if (!result) return result;
  }
  return result;
}

Result<void> parse_records(const std::vector<std::byte>& output, const Source& source, Rows& rows) {
  rows.clear(source.key.size, source.value.words);
  if (source.record_size == 0 || output.size() % source.record_size != 0) {
    return fail(ErrorKind::kInvalid, source.name + ": the iterator's output is no whole records");
  }
  std::vector<std::uint64_t> value(source.value.words);
  for (std::size_t at = 0; at < output.size(); at += source.record_size) {
    const auto record = std::span(output).subspan(at, source.record_size);
    std::memcpy(value.data(), record.data() + source.record_value, value.size() * 8);
    rows.add(record.subspan(source.record_key, source.key.size), value);
  }
  return {};
}

}  // namespace kernstat::bpf
