// SPDX-License-Identifier: Apache-2.0
// Counts processes and threads by state by going through /proc.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "collectors/support/fd.h"
#include "collectors/support/result.h"
#include "collectors/support/small_file.h"

namespace kernstat {

/// States as /proc/PID/stat names them (kernel: fs/proc/array.c, task_state_array).
inline constexpr std::string_view kTaskStates = "RSDTtXZPI";

struct StateCounts {
  std::array<std::uint64_t, kTaskStates.size()> counts{};
  /// Counts one; a letter that is no known state is not counted.
  void add(char state, std::uint64_t tasks = 1) {
    const auto place = kTaskStates.find(state);
    if (place != std::string_view::npos) counts[place] += tasks;
  }
};

/// What /proc/PID/stat says of a process that is wanted here.
struct TaskStat {
  char state = 0;
  std::uint64_t threads = 0;
};

/// Reads the state and the number of threads; nothing when the line is cut. The name between the
/// parentheses is the process's own choice and may hold anything.
std::optional<TaskStat> parse_task_stat(std::string_view text);

struct ProcessCounts {
  std::uint64_t processes = 0;
  std::uint64_t threads = 0;
  StateCounts process_states;
  StateCounts thread_states;
  bool complete = true;  ///< false: the limit was reached, only `processes` is right
};

/// One pass through <proc>. Allocates nothing. One thread at a time.
class ProcessScanner {
 public:
  /// `limit`: beyond so many processes and threads of theirs none is looked at, only counted.
  explicit ProcessScanner(std::uint64_t limit) : limit_(limit) {}
  Result<void> scan(const char* proc, ProcessCounts& into);

 private:
  void look_at(int proc, const char* pid, ProcessCounts& into);
  void look_at_threads(int proc, const char* pid, ProcessCounts& into);

  std::uint64_t limit_;
  std::uint64_t looked_ = 0;
  SmallReader reader_;
  std::array<char, 32768> entries_;        // of <proc>
  std::array<char, 8192> thread_entries_;  // of <proc>/PID/task
};

}  // namespace kernstat
