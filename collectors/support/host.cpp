// SPDX-License-Identifier: Apache-2.0
#include "collectors/support/host.h"

#include <dirent.h>
#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <memory>

namespace kernstat {
namespace {

// Reads fd from offset 0 into buffer, which grows as needed; returns the size.
Result<std::size_t> read_all(int fd, const std::string& path, std::vector<char>& buffer,
                             std::size_t limit) {
  constexpr std::size_t kFirstSize = 4096;
  if (buffer.empty()) buffer.resize(kFirstSize);
  std::size_t used = 0;
  for (;;) {
    // A read that fills the buffer exactly leaves open whether there is more.
    if (used == buffer.size()) {
      if (buffer.size() >= limit) {
        return fail(ErrorKind::kInvalid,
                    path + ": larger than " + std::to_string(limit) + " bytes, not read");
      }
      buffer.resize(std::min(buffer.size() * 2, limit));
    }
    const ssize_t n =
        ::pread(fd, buffer.data() + used, buffer.size() - used, static_cast<off_t>(used));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail_errno(path);
    if (n == 0) return used;
    used += static_cast<std::size_t>(n);
  }
}

}  // namespace

std::string Host::net_path(std::string_view file) const {
  std::string first = proc + "/1/net/" + std::string(file);
  if (::access(first.c_str(), R_OK) == 0) return first;
  return proc + "/net/" + std::string(file);
}

Result<std::string_view> KeptFile::read() {
  if (!fd_) {
    fd_ = Fd(::open(path_.c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd_) return fail_errno(path_);
  }
  auto size = read_all(fd_.get(), path_, buffer_, limit_);
  if (!size) {
    fd_ = Fd();
    return fail(size.error());
  }
  return std::string_view(buffer_.data(), *size);
}

Result<std::string> read_file(const std::string& path, std::size_t limit) {
  const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return fail_errno(path);
  std::vector<char> buffer;
  auto size = read_all(fd.get(), path, buffer, limit);
  if (!size) return fail(size.error());
  return std::string(buffer.data(), *size);
}

Result<std::vector<std::string>> list_directory(const std::string& path) {
  const std::unique_ptr<DIR, int (*)(DIR*)> directory(::opendir(path.c_str()), ::closedir);
  if (!directory) return fail_errno(path);
  std::vector<std::string> names;
  while (const dirent* entry = ::readdir(directory.get())) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace kernstat
