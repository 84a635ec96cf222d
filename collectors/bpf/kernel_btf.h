// SPDX-License-Identifier: Apache-2.0
// The running kernel's type information: what hooks and members it has, and its enums.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "collectors/support/result.h"

struct btf;

namespace kernstat::bpf {

/// An enum of the kernel: value and enumerator as the source spells it.
using EnumTable = std::vector<std::pair<std::uint32_t, std::string>>;

/// Answers questions about a kernel's BTF. Parsing takes some 10 ms and holds some 10 MB: keep it
/// while tools load, not longer. One thread at a time.
class KernelBtf {
 public:
  /// Parses `path`: raw BTF (/sys/kernel/btf/vmlinux) or an ELF file with a .BTF section. A missing
  /// file is kAbsent.
  static Result<KernelBtf> load(const std::string& path);

  KernelBtf(KernelBtf&&) noexcept = default;
  KernelBtf& operator=(KernelBtf&&) noexcept = default;
  KernelBtf(const KernelBtf&) = delete;
  KernelBtf& operator=(const KernelBtf&) = delete;
  ~KernelBtf() = default;

  /// Whether a condition of a tool's YAML (`requires`, bpf/README.md) holds. kInvalid when it is
  /// not one.
  Result<bool> holds(std::string_view condition) const;

  /// In the kernel itself, or in a module that is loaded now (/sys/kernel/btf/*, since 5.11).
  bool has_tracepoint(std::string_view name) const;
  bool has_function(std::string_view name) const;
  /// Whether only a module that is loaded now has it.
  bool is_module_tracepoint(std::string_view name) const;
  bool is_module_function(std::string_view name) const;
  /// The enum's values; empty when the kernel has no such enum.
  EnumTable enum_values(std::string_view name) const;

  const btf* get() const { return btf_.get(); }

  /// The types of the kernel and of all modules that are loaded now, as one raw BTF: what libbpf
  /// puts together itself with CAP_SYS_ADMIN, which it needs to ask the kernel for modules' types.
  /// Some 10 MB.
  std::vector<std::byte> with_modules() const;

 private:
  struct Free {
    void operator()(btf* p) const;
  };
  using Handle = std::unique_ptr<btf, Free>;
  KernelBtf(btf* p, std::string directory) : btf_(p), module_directory_(std::move(directory)) {}
  const std::vector<Handle>& modules() const;

  Handle btf_;
  std::string module_directory_;  // empty: there are none
  mutable bool modules_read_ = false;
  mutable std::vector<Handle> modules_;  // they refer to btf_; read when first asked for
};

/// Checks the form of a condition without a kernel: what it should be, if it is none.
Result<void> check_condition(std::string_view condition);

}  // namespace kernstat::bpf
