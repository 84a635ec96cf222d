// SPDX-License-Identifier: Apache-2.0
// Paths of cgroups by id, on v1, v2 and hybrid hosts.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "collectors/support/host.h"

namespace kernstat::bpf {

/// The hierarchy that names workloads: v2 if it has processes in it, else v1's systemd, memory or
/// cpu hierarchy.
struct CgroupHierarchy {
  std::string root;        ///< directory of its mount
  std::string controller;  ///< of v1; empty: the unified hierarchy
};

/// Chooses it from mountinfo text (proc_pid_mountinfo(5)) and the text of /proc/1/cgroup
/// (cgroups(7)): the first hierarchy in which process 1's children live in groups of their own.
/// Root is empty when there is none.
CgroupHierarchy choose_hierarchy(std::string_view mountinfo, bool unified_is_used);

/// "ssh.service" of "/system.slice/ssh.service/x": the innermost part that systemd manages, else
/// the whole path.
std::string_view workload_of(std::string_view path);

/// Paths by id (the inode number of the cgroup's directory). One thread.
class CgroupNames {
 public:
  explicit CgroupNames(const Host& host);

  /// "/" for the root; empty when there is none with this id (any more). An unknown id makes one
  /// walk over the hierarchy, at most one in kWalkPause.
  std::string_view find(std::uint64_t id);
  /// Looks whether the known ones still exist, a part of them at each call; how many have gone.
  std::size_t refresh();
  /// The v1 controller whose id is meant; empty for the unified hierarchy.
  const std::string& controller() const { return hierarchy_.controller; }

 private:
  static constexpr std::chrono::milliseconds kWalkPause{1000};

  void walk();
  void visit(const std::string& path, int depth);

  CgroupHierarchy hierarchy_;
  std::unordered_map<std::uint64_t, std::string> paths_;
  std::vector<std::uint64_t> to_check_;
  std::string scratch_;
  std::chrono::steady_clock::time_point next_walk_{};
};

}  // namespace kernstat::bpf
