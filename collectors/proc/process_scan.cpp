// SPDX-License-Identifier: Apache-2.0
#include "collectors/proc/process_scan.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>

#include "collectors/support/text.h"

namespace kernstat {
namespace {

bool is_number(const char* name) {
  if (*name == '\0') return false;
  for (; *name != '\0'; ++name) {
    if (*name < '0' || *name > '9') return false;
  }
  return true;
}

// Calls `each(name)` for every entry whose name is a number. getdents64(2) itself, because
// opendir(3) allocates. False when reading fails.
template <std::size_t N, typename Each>
bool each_number(int directory, std::array<char, N>& buffer, Each&& each) {
  for (;;) {
    const long size = ::syscall(SYS_getdents64, directory, buffer.data(), buffer.size());
    if (size < 0) return false;
    if (size == 0) return true;
    for (long at = 0; at < size;) {
      const char* const entry = buffer.data() + at;
      std::uint16_t length = 0;
      std::memcpy(&length, entry + offsetof(dirent64, d_reclen), sizeof length);
      if (length == 0) return false;
      const char* const name = entry + offsetof(dirent64, d_name);
      if (is_number(name)) each(name);
      at += length;
    }
  }
}

// "PID/FILE"; false when it does not fit.
template <std::size_t N>
bool join(char (&buffer)[N], const char* pid, const char* file) {
  const int length = std::snprintf(buffer, N, "%s/%s", pid, file);
  return length > 0 && static_cast<std::size_t>(length) < N;
}

}  // namespace

std::optional<TaskStat> parse_task_stat(std::string_view text) {
  const auto name_end = text.rfind(')');
  if (name_end == std::string_view::npos || !text.ends_with('\n')) return std::nullopt;
  std::string_view rest = trim(text.substr(name_end + 1));
  const std::string_view state = next_field(rest);
  if (state.size() != 1) return std::nullopt;
  // Fields 4 to 19 lie between the state and the number of threads.
  for (int i = 0; i < 16; ++i) next_field(rest);
  const auto threads = next_number<std::uint64_t>(rest);
  if (!threads) return std::nullopt;
  return TaskStat{state.front(), *threads};
}

void ProcessScanner::look_at_threads(int proc, const char* pid, ProcessCounts& into) {
  char path[64];
  if (!join(path, pid, "task")) return;
  const Fd tasks(::openat(proc, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!tasks) return;  // it has ended meanwhile
  each_number(tasks.get(), thread_entries_, [&](const char* tid) {
    if (!into.complete) return;
    if (++looked_ > limit_) {
      into.complete = false;
      return;
    }
    char stat[64];
    if (!join(stat, tid, "stat")) return;
    const auto text = reader_.read_at(tasks.get(), stat);
    if (!text) return;
    const auto thread = parse_task_stat(*text);
    if (thread) into.thread_states.add(thread->state);
  });
}

void ProcessScanner::look_at(int proc, const char* pid, ProcessCounts& into) {
  ++into.processes;
  if (!into.complete) return;
  if (++looked_ > limit_) {
    into.complete = false;
    return;
  }
  char path[64];
  if (!join(path, pid, "stat")) return;
  const auto text = reader_.read_at(proc, path);
  const auto stat = text ? parse_task_stat(*text) : std::nullopt;
  if (!stat) {
    --into.processes;  // it has ended meanwhile
    return;
  }
  into.process_states.add(stat->state);
  into.threads += stat->threads;
  // The only thread of a process has the process's state: most need no second look.
  if (stat->threads <= 1) {
    into.thread_states.add(stat->state, stat->threads);
  } else {
    look_at_threads(proc, pid, into);
  }
}

Result<void> ProcessScanner::scan(const char* proc, ProcessCounts& into) {
  into = {};
  looked_ = 0;
  const Fd directory(::open(proc, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory) return fail_errno(proc);
  const bool read = each_number(directory.get(), entries_,
                                [&](const char* pid) { look_at(directory.get(), pid, into); });
  if (!read) return fail_errno(proc);
  return {};
}

}  // namespace kernstat
