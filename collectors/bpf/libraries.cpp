// SPDX-License-Identifier: Apache-2.0
#include "collectors/bpf/libraries.h"

#include <sys/stat.h>

#include <algorithm>
#include <set>
#include <string_view>
#include <utility>

#include "collectors/support/text.h"

namespace kernstat::bpf {
namespace {

using Inode = std::pair<dev_t, ino_t>;

// Adds the file unless its inode is there already.
void add(const std::string& path, std::set<Inode>& seen, std::vector<std::string>& files) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) return;
  if (seen.emplace(status.st_dev, status.st_ino).second) files.push_back(path);
}

void add_installed(const std::string& name, const Host& host, std::set<Inode>& seen,
                   std::vector<std::string>& files) {
  const std::string root = host.root == "/" ? std::string() : host.root;
  if (name.starts_with('/')) {
    add(root + name, seen, files);
    return;
  }
#if defined(__x86_64__)
  constexpr const char* kMultiarch = "x86_64-linux-gnu";
#else
  constexpr const char* kMultiarch = "aarch64-linux-gnu";
#endif
  for (const char* directory :
       {"/lib/", "/usr/lib/", "/lib64/", "/usr/lib64/", "/usr/local/lib/"}) {
    add(root + directory + kMultiarch + "/" + name, seen, files);
    add(root + directory + name, seen, files);
  }
}

// The path of a mapping line of /proc/PID/maps if it is the library's.
std::string_view mapped_path(std::string_view line, std::string_view name) {
  const auto slash = line.find('/');
  if (slash == std::string_view::npos) return {};
  const std::string_view path = line.substr(slash);
  const bool same = name.starts_with('/')
                        ? path == name
                        : path.ends_with(name) && path[path.size() - name.size() - 1] == '/';
  return same ? path : std::string_view();
}

void add_mapped(const std::string& name, const Host& host, std::set<Inode>& seen,
                std::vector<std::string>& files) {
  const auto processes = list_directory(host.proc);
  if (!processes) return;
  for (const std::string& pid : *processes) {
    if (pid.empty() || pid[0] < '0' || pid[0] > '9') continue;
    const auto maps = read_file(host.proc_path(pid + "/maps"));
    if (!maps) continue;
    std::string_view text = *maps;
    while (!text.empty()) {
      const std::string_view path = mapped_path(next_line(text), name);
      if (path.size() <= name.size() && !name.starts_with('/')) continue;
      if (path.empty()) continue;
      add(host.proc_path(pid + "/root" + std::string(path)), seen, files);
      break;
    }
  }
}

}  // namespace

std::vector<std::string> find_library(const std::string& name, const Host& host) {
  std::set<Inode> seen;
  std::vector<std::string> files;
  add_installed(name, host, seen, files);
  add_mapped(name, host, seen, files);
  return files;
}

}  // namespace kernstat::bpf
