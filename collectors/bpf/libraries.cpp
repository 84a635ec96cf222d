// SPDX-License-Identifier: Apache-2.0
#include "collectors/bpf/libraries.h"

#include <sys/stat.h>

#include <string_view>

#include "collectors/support/text.h"

namespace kernstat::bpf {
namespace {

constexpr int kLooks = 2;

bool is_pid(std::string_view name) { return !name.empty() && name[0] >= '0' && name[0] <= '9'; }

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

}  // namespace

// Adds the file unless its inode is there already.
void Libraries::add(const std::string& path, std::vector<LibraryFile>& files) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) return;
  const Place inode{status.st_dev, status.st_ino};
  if (seen_.insert(inode).second) files.push_back({inode, path});
}

void Libraries::add_installed(std::vector<LibraryFile>& files) {
  const std::string root = host_.root == "/" ? std::string() : host_.root;
  if (name_.starts_with('/')) {
    add(root + name_, files);
    return;
  }
#if defined(__x86_64__)
  constexpr const char* kMultiarch = "x86_64-linux-gnu";
#else
  constexpr const char* kMultiarch = "aarch64-linux-gnu";
#endif
  for (const char* directory :
       {"/lib/", "/usr/lib/", "/lib64/", "/usr/lib64/", "/usr/local/lib/"}) {
    add(root + directory + kMultiarch + "/" + name_, files);
    add(root + directory + name_, files);
  }
}

void Libraries::add_mapped(const std::string& pid, std::vector<LibraryFile>& files) {
  const auto maps = read_file(host_.proc_path(pid + "/maps"));
  if (!maps) return;
  std::string_view text = *maps;
  while (!text.empty()) {
    const std::string_view path = mapped_path(next_line(text), name_);
    if (path.empty() || (path.size() <= name_.size() && !name_.starts_with('/'))) continue;
    add(host_.proc_path(pid + "/root" + std::string(path)), files);
    return;
  }
}

void Libraries::look(bool everywhere, std::vector<LibraryFile>& files) {
  const auto names = list_directory(host_.proc);
  if (!names) return;
  std::unordered_map<std::string, int> looks;
  for (const std::string& pid : *names) {
    if (!is_pid(pid)) continue;
    const auto before = looks_.find(pid);
    int count = before == looks_.end() ? 0 : before->second;
    if (everywhere || count < kLooks) {
      add_mapped(pid, files);
      ++count;
    }
    looks.emplace(pid, count);
  }
  looks_ = std::move(looks);
}

std::vector<LibraryFile> Libraries::all() {
  seen_.clear();
  std::vector<LibraryFile> files;
  add_installed(files);
  look(true, files);
  return files;
}

std::vector<LibraryFile> Libraries::of_new_processes() {
  seen_.clear();
  std::vector<LibraryFile> files;
  look(false, files);
  return files;
}

}  // namespace kernstat::bpf
