// SPDX-License-Identifier: Apache-2.0
#include "collectors/support/small_file.h"

#include <fcntl.h>
#include <unistd.h>

#include "collectors/support/fd.h"

namespace kernstat {

std::optional<std::string_view> SmallReader::read(const char* path) {
  return read_at(AT_FDCWD, path);
}

std::optional<std::string_view> SmallReader::read_at(int directory, const char* path) {
  const Fd fd(::openat(directory, path, O_RDONLY | O_CLOEXEC));
  if (!fd) return std::nullopt;
  std::size_t used = 0;
  while (used < buffer_.size()) {
    const ssize_t n = ::read(fd.get(), buffer_.data() + used, buffer_.size() - used);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return std::nullopt;
    if (n == 0) break;
    used += static_cast<std::size_t>(n);
  }
  return std::string_view(buffer_.data(), used);
}

}  // namespace kernstat
