// SPDX-License-Identifier: Apache-2.0
#include "collectors/bpf/iterators.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <dirent.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <memory>

#include "collectors/bpf/privilege.h"
#include "collectors/support/fd.h"
#include "collectors/support/namespaces.h"

namespace kernstat::bpf {
namespace {

struct CloseDirectory {
  void operator()(DIR* directory) const { ::closedir(directory); }
};

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

}  // namespace

// True when the namespace of this process was not seen before.
bool IteratorRun::is_new(std::string_view process, const Host& host) {
  path_.assign(host.proc).append("/").append(process).append("/ns/net");
  const std::uint32_t number = namespace_at(path_);
  if (number == 0 || std::find(seen_.begin(), seen_.end(), number) != seen_.end()) return false;
  seen_.push_back(number);
  return true;
}

Result<void> IteratorRun::run(const bpf_link* link, bool all_namespaces, const Host& host,
                              std::vector<std::byte>& output, std::size_t limit) {
  const auto own = one_pass(link, output, limit);
  if (!own || !all_namespaces || !has_capability(CAP_SYS_ADMIN)) return own;
  seen_.clear();
  if (!is_new("thread-self", host)) return {};
  // The iterator sees the namespace of the thread that creates it.
  const Fd home(::open(path_.c_str(), O_RDONLY | O_CLOEXEC));
  const std::unique_ptr<DIR, CloseDirectory> processes(::opendir(host.proc.c_str()));
  if (!home || !processes) return {};
  while (const dirent* process = ::readdir(processes.get())) {
    const char* name = process->d_name;
    if (name[0] < '0' || name[0] > '9' || !is_new(name, host)) continue;
    const Fd there(::open(path_.c_str(), O_RDONLY | O_CLOEXEC));
    if (!there || ::setns(there.get(), CLONE_NEWNET) != 0) continue;
    auto result = one_pass(link, output, limit);
    if (::setns(home.get(), CLONE_NEWNET) != 0) return fail_errno("back to the own namespace");
    if (!result) return result;
  }
  return {};
}

Result<void> parse_records(const std::vector<std::byte>& output, const Source& source, Rows& rows) {
  rows.clear(source.key.size, source.value.words);
  if (source.record_size == 0 || output.size() % source.record_size != 0) {
    return fail(ErrorKind::kInvalid, source.name + ": the iterator's output is no whole records");
  }
  for (std::size_t at = 0; at < output.size(); at += source.record_size) {
    const auto record = std::span(output).subspan(at, source.record_size);
    rows.values.resize(rows.values.size() + rows.words);
    std::memcpy(&rows.values[rows.values.size() - rows.words], record.data() + source.record_value,
                rows.words * 8);
    const auto key = record.subspan(source.record_key, source.key.size);
    rows.keys.insert(rows.keys.end(), key.begin(), key.end());
    ++rows.count;
  }
  return {};
}

}  // namespace kernstat::bpf
