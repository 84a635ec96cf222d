// SPDX-License-Identifier: Apache-2.0
#include "collectors/bpf/names.h"

#include "collectors/bpf/cgroup_names.h"
#include "collectors/bpf/disk_names.h"
#include "collectors/bpf/interface_names.h"
#include "collectors/bpf/kernel_symbols.h"

namespace kernstat::bpf {

Names::Names(const Host& host) : Names(host, std::make_unique<KernelSymbols>(host)) {}

Names::Names(const Host& host, std::unique_ptr<KernelSymbols> symbols)
    : disks_(std::make_unique<DiskNames>(host)),
      interfaces_(std::make_unique<InterfaceNames>(host)),
      cgroups_(std::make_unique<CgroupNames>(host)),
      symbols_(std::move(symbols)) {}

Names::~Names() = default;

std::string_view Names::disk(std::uint32_t dev) { return disks_->find(dev); }

std::string_view Names::interface(std::uint32_t name_space, std::uint32_t index) {
  return interfaces_->find(name_space, index);
}

std::string_view Names::cgroup(std::uint64_t id) { return cgroups_->find(id); }
std::string_view Names::workload(std::uint64_t id) { return workload_of(cgroups_->find(id)); }
const std::string& Names::cgroup_controller() const { return cgroups_->controller(); }
std::optional<std::string_view> Names::symbol(std::uint64_t address) const {
  return symbols_->find(address);
}

void Names::want_symbols(const std::vector<std::uint64_t>& addresses, std::int64_t now_ns) {
  symbols_->want(addresses, now_ns);
}

std::uint64_t Names::refresh() {
  changes_ += disks_->refresh() + interfaces_->refresh() + cgroups_->refresh();
  return changes_;
}

}  // namespace kernstat::bpf
