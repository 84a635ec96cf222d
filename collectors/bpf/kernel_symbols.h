// SPDX-License-Identifier: Apache-2.0
// Functions of the kernel by address.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "collectors/support/host.h"

namespace kernstat::bpf {

/// Finds the function that holds an address in <proc>/kallsyms, which shows addresses only to those
/// with CAP_SYSLOG. The file (10 MB) is not kept: one pass finds all addresses that are wanted. One
/// thread.
class KernelSymbols {
 public:
  explicit KernelSymbols(const Host& host) : path_(host.proc_path("kallsyms")) {}

  /// Looks all unknown ones of `addresses` up.
  void want(const std::vector<std::uint64_t>& addresses);
  /// Empty when no function holds it or addresses are hidden.
  std::string_view find(std::uint64_t address);

 private:
  static constexpr std::size_t kMostKnown = 16384;

  std::string path_;
  std::unordered_map<std::uint64_t, std::string> names_;
};

/// The names in kallsyms text for sorted `addresses`: the last symbol at or below each; empty for
/// addresses below the first symbol, and for all when the file hides addresses. Text symbols only.
std::vector<std::string> symbols_at(std::string_view kallsyms,
                                    const std::vector<std::uint64_t>& addresses);

}  // namespace kernstat::bpf
