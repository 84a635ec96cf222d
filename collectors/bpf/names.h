// SPDX-License-Identifier: Apache-2.0
// Names of kernel objects for labels: disks, interfaces, cgroups, symbols.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/support/host.h"

namespace kernstat::bpf {

class CgroupNames;
class DiskNames;
class InterfaceNames;
class KernelSymbols;

/// One for all tools, used by the BPF thread only. Every lookup is cached; what is unknown gives
/// empty text, and is looked for again after a while. Texts are valid until the next refresh().
class Names {
 public:
  explicit Names(const Host& host);
  /// With kernel symbols that were opened before, with the privileges of then.
  Names(const Host& host, std::unique_ptr<KernelSymbols> symbols);
  ~Names();
  Names(const Names&) = delete;
  Names& operator=(const Names&) = delete;
  Names(Names&&) = delete;
  Names& operator=(Names&&) = delete;

  /// A block device by the kernel's dev_t (major << 20 | minor).
  std::string_view disk(std::uint32_t dev);
  /// An interface of the host's network namespace (0 or the host's inode number); empty in others.
  std::string_view interface(std::uint32_t name_space, std::uint32_t index);
  /// A cgroup's path below its hierarchy's root.
  std::string_view cgroup(std::uint64_t id);
  /// The same for people: the innermost systemd service, scope or slice, else the path.
  std::string_view workload(std::uint64_t id);
  /// The v1 controller whose hierarchy names cgroups; empty for the unified one.
  const std::string& cgroup_controller() const;
  /// The kernel function that holds the address; nothing before want_symbols() looked it up.
  std::optional<std::string_view> symbol(std::uint64_t address) const;
  /// Says that symbol() will be asked for these: one pass over /proc/kallsyms finds all of them,
  /// now or at a later call (`now_ns`: CLOCK_MONOTONIC).
  void want_symbols(const std::vector<std::uint64_t>& addresses, std::int64_t now_ns);

  /// Takes note of what the kernel announced since the last call: renamed and removed interfaces,
  /// removed disks. Once per tick. Returns a number that grows when any name changed or went.
  std::uint64_t refresh();

 private:
  std::unique_ptr<DiskNames> disks_;
  std::unique_ptr<InterfaceNames> interfaces_;
  std::unique_ptr<CgroupNames> cgroups_;
  std::unique_ptr<KernelSymbols> symbols_;
  std::uint64_t changes_ = 0;
};

}  // namespace kernstat::bpf
