// SPDX-License-Identifier: Apache-2.0
#include "daemon/run_record.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>
#include <ctime>

#include "collectors/support/fd.h"
#include "collectors/support/host.h"
#include "collectors/support/text.h"

namespace kernstat {
namespace {

// The first of a list of directories, as the service manager gives it.
std::string first_directory(const char* variable) {
  const char* value = std::getenv(variable);
  const std::string_view list = value == nullptr ? "" : value;
  return std::string(list.substr(0, list.find(':')));
}

}  // namespace

RunRecord RunRecord::begin() {
  std::string directory = first_directory("STATE_DIRECTORY");
  if (directory.empty()) directory = first_directory("RUNTIME_DIRECTORY");
  const auto boot_id = read_file("/proc/sys/kernel/random/boot_id");
  timespec now{};
  ::clock_gettime(CLOCK_BOOTTIME, &now);
  return begin(directory, boot_id ? std::string(trim(*boot_id)) : "", now.tv_sec);
}

std::vector<std::int64_t> RunRecord::parse(std::string_view text, std::string_view boot_id) {
  std::vector<std::int64_t> times;
  if (text.empty() || boot_id.empty() || next_line(text) != boot_id) return times;
  while (!text.empty()) {
    if (const auto time = to_number<std::int64_t>(next_line(text))) times.push_back(*time);
  }
  return times;
}

RunRecord RunRecord::begin(const std::string& directory, const std::string& boot_id,
                           std::int64_t now) {
  constexpr std::size_t kLargest = 4096;
  RunRecord record;
  if (directory.empty() || boot_id.empty()) return record;
  record.path_ = directory + "/running";
  if (const auto last = read_file(record.path_, kLargest)) {
    for (const std::int64_t time : parse(*last, boot_id)) {
      if (time <= now && now - time <= kWindow) record.bad_ends_.push_back(time);
    }
    // The record's being there says that the last run did not end well; its boot, whether that
    // was more than the machine's going down.
    if (last->starts_with(boot_id)) record.bad_ends_.push_back(now);
  }
  std::string text = boot_id + "\n";
  for (const std::int64_t time : record.bad_ends_) text += std::to_string(time) + "\n";
  const Fd file(::open(record.path_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (!file || ::write(file.get(), text.data(), text.size()) < 0) record.path_.clear();
  return record;
}

void RunRecord::end_well() const {
  if (!path_.empty()) ::unlink(path_.c_str());
}

}  // namespace kernstat
