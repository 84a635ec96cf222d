// SPDX-License-Identifier: Apache-2.0
// Finding shared libraries for uprobes.
#pragma once

#include <compare>
#include <cstdint>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "collectors/support/host.h"

namespace kernstat::bpf {

/// Where a program is attached that attaches in several places: an inode (device, number), or a CPU
/// (0, number). {0, 0} where there is but one.
struct Place {
  std::uint64_t space = 0;
  std::uint64_t number = 0;
  auto operator<=>(const Place&) const = default;  // NOLINT(modernize-use-nullptr): of no pointer
};

/// A file of a library, and a path by which this thread can open it.
struct LibraryFile {
  Place inode;
  std::string path;
};

/// Follows the files of one library: the host's own, and those that running processes have mapped,
/// in containers too as far as /proc shows them to this thread. One thread.
class Libraries {
 public:
  /// `name`: a soname, or a path.
  Libraries(std::string name, Host host) : name_(std::move(name)), host_(std::move(host)) {}

  /// All files there are, each inode once. Reads the mappings of every process.
  std::vector<LibraryFile> all();
  /// Those of processes that came since the last look; known inodes may be among them. Reads the
  /// mappings of new processes only, of each at two looks: at the first it may not have called
  /// exec yet.
  std::vector<LibraryFile> of_new_processes();

 private:
  void look(bool everywhere, std::vector<LibraryFile>& files);
  void add(const std::string& path, std::vector<LibraryFile>& files);
  void add_installed(std::vector<LibraryFile>& files);
  void add_mapped(const std::string& pid, std::vector<LibraryFile>& files);

  std::string name_;
  Host host_;
  std::set<Place> seen_;                        // in this look
  std::unordered_map<std::string, int> looks_;  // at each process so far
};

}  // namespace kernstat::bpf
