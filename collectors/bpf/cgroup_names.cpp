// SPDX-License-Identifier: Apache-2.0
#include "collectors/bpf/cgroup_names.h"

#include <dirent.h>
#include <sys/stat.h>

#include <array>
#include <memory>

#include "collectors/support/text.h"

namespace kernstat::bpf {
namespace {

constexpr int kMostDepth = 32;
constexpr std::size_t kMostKnown = 100'000;
constexpr std::size_t kChecksPerRefresh = 64;

struct CloseDirectory {
  void operator()(DIR* p) const { ::closedir(p); }
};

struct Mount {
  std::string_view point;
  std::string_view type;
  std::string_view options;
};

// id parent dev root POINT options optional… - TYPE source OPTIONS
Mount parse_mount(std::string_view line) {
  Mount mount;
  for (int i = 0; i < 4; ++i) next_field(line);
  mount.point = next_field(line);
  while (!line.empty() && next_field(line) != "-") {
  }
  mount.type = next_field(line);
  next_field(line);
  mount.options = next_field(line);
  return mount;
}

std::uint64_t id_of(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 ? status.st_ino : 0;
}

}  // namespace

CgroupHierarchy choose_hierarchy(std::string_view mountinfo, bool unified_is_used) {
  // In the order in which a v1 hierarchy is preferred.
  constexpr std::array<std::string_view, 3> kControllers{"memory", "cpu", "pids"};
  std::array<std::string_view, kControllers.size()> v1;
  std::string_view unified;
  while (!mountinfo.empty()) {
    const Mount mount = parse_mount(next_line(mountinfo));
    if (mount.type == "cgroup2" && unified.empty()) unified = mount.point;
    if (mount.type != "cgroup") continue;
    for (std::size_t i = 0; i < kControllers.size(); ++i) {
      if (v1[i].empty() && has_option(mount.options, kControllers[i])) v1[i] = mount.point;
    }
  }
  if (!unified.empty() && unified_is_used) return {std::string(unified), {}};
  for (std::size_t i = 0; i < kControllers.size(); ++i) {
    if (!v1[i].empty()) return {std::string(v1[i]), std::string(kControllers[i])};
  }
  return {std::string(unified), {}};
}

std::string_view workload_of(std::string_view path) {
  std::string_view slice;
  std::string_view rest = path;
  while (!rest.empty()) {
    const auto slash = rest.rfind('/');
    const std::string_view part = rest.substr(slash == std::string_view::npos ? 0 : slash + 1);
    if (part.ends_with(".service") || part.ends_with(".scope") || part.ends_with(".socket")) {
      return part;
    }
    if (slice.empty() && part.ends_with(".slice")) slice = part;
    rest = rest.substr(0, slash == std::string_view::npos ? 0 : slash);
  }
  return slice.empty() ? path : slice;
}

CgroupNames::CgroupNames(const Host& host) {
  const auto mountinfo = read_file(host.proc_path("self/mountinfo"));
  if (!mountinfo) return;
  // Where systemd runs the unified hierarchy, process 1 is not in its root; where v1 controllers
  // do the work, the unified one has no controllers to hand out.
  const auto controllers = read_file(host.sys_path("fs/cgroup/cgroup.controllers"));
  hierarchy_ = choose_hierarchy(*mountinfo, controllers && !trim(*controllers).empty());
}

std::string_view CgroupNames::find(std::uint64_t id) {
  auto known = paths_.find(id);
  if (known != paths_.end()) return known->second;
  const auto now = std::chrono::steady_clock::now();
  if (id == 0 || now < next_walk_) return {};
  walk();
  next_walk_ = std::chrono::steady_clock::now() + kWalkPause;
  known = paths_.find(id);
  return known == paths_.end() ? std::string_view() : known->second;
}

void CgroupNames::walk() {
  if (hierarchy_.root.empty()) return;
  paths_.clear();
  visit("", 0);
}

void CgroupNames::visit(const std::string& path, int depth) {
  const std::string full = hierarchy_.root + path;
  const std::uint64_t id = id_of(full);
  if (id != 0 && paths_.size() < kMostKnown) paths_.emplace(id, path.empty() ? "/" : path);
  if (depth >= kMostDepth) return;
  const std::unique_ptr<DIR, CloseDirectory> directory(::opendir(full.c_str()));
  if (!directory) return;
  while (const dirent* entry = ::readdir(directory.get())) {
    const std::string_view name = entry->d_name;
    if (entry->d_type != DT_DIR || name == "." || name == "..") continue;
    visit(path + "/" + std::string(name), depth + 1);
  }
}

std::size_t CgroupNames::refresh() {
  if (to_check_.empty()) {
    for (const auto& [id, path] : paths_) to_check_.push_back(id);
  }
  std::size_t gone = 0;
  for (std::size_t i = 0; i < kChecksPerRefresh && !to_check_.empty(); ++i) {
    const std::uint64_t id = to_check_.back();
    to_check_.pop_back();
    const auto known = paths_.find(id);
    if (known == paths_.end()) continue;
    scratch_ = hierarchy_.root;
    if (known->second != "/") scratch_ += known->second;
    if (id_of(scratch_) == id) continue;
    paths_.erase(known);
    ++gone;
  }
  return gone;
}

}  // namespace kernstat::bpf
