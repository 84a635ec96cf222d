// SPDX-License-Identifier: Apache-2.0
#include "collectors/support/namespaces.h"

#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>

namespace kernstat {

std::uint32_t namespace_at(const std::string& link) {
  struct statfs system {};
  struct stat status {};
  // Linux 5.10 does not refuse who may not follow the link: it stays at something of /proc.
  if (::statfs(link.c_str(), &system) != 0 || system.f_type != NSFS_MAGIC) return 0;
  return ::stat(link.c_str(), &status) == 0 ? static_cast<std::uint32_t>(status.st_ino) : 0;
}

}  // namespace kernstat
