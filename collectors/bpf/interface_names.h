// SPDX-License-Identifier: Apache-2.0
// Names of the interfaces of the host's network namespace, as they are now.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

#include "collectors/support/fd.h"
#include "collectors/support/host.h"

namespace kernstat::bpf {

/// Names by number from rtnetlink(7), following renames and removals by its link group. One thread,
/// in the host's network namespace.
class InterfaceNames {
 public:
  explicit InterfaceNames(const Host& host);

  /// `name_space` is the inode number of the network namespace; 0 is the host's. Empty when the
  /// host's namespace has no such interface now, "other" in any other namespace.
  std::string_view find(std::uint32_t name_space, std::uint32_t index);
  /// Takes note of changes; how many names changed or went.
  std::size_t refresh();

 private:
  void dump();
  std::size_t receive(bool wait_for_end);
  std::size_t take(const char* bytes, std::size_t size, bool& at_end);

  std::uint32_t own_name_space_ = 0;
  Fd link_;
  std::unordered_map<std::uint32_t, std::string> names_;
};

}  // namespace kernstat::bpf
