// SPDX-License-Identifier: Apache-2.0
// What all BPF tools of a daemon share.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "collectors/bpf/kernel_btf.h"
#include "collectors/bpf/names.h"
#include "collectors/support/fd.h"
#include "collectors/support/host.h"

namespace kernstat::bpf {

/// Kernel memory of maps, in bytes.
struct MapMemory {
  std::uint64_t fixed = 0;   ///< needed in any case: arrays, the fewest series and things in flight
  std::uint64_t scaled = 0;  ///< for further ones; can be cut
};

struct EngineSettings {
  Host host;
  std::string btf_path;  ///< --btf.path; empty: the running kernel's
  std::uint64_t memory_limit = std::uint64_t{32} << 20;
  double budget = 0.01;
  /// Kinds of hooks (hook_kind()) that are passed over, so that others can be tried.
  std::vector<std::string> avoid;
  /// Receives whole logs of failed loads; may be empty.
  std::function<void(std::string_view tool, std::string_view log)> debug;
};

/// Shared by the tools; made before them and gone after them. memory_* may be called from any
/// thread, everything else from the BPF thread only.
class Engine {
 public:
  /// Opens what only a privileged thread may open, for as long as the engine lives.
  explicit Engine(EngineSettings settings);
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;
  Engine(Engine&&) = delete;
  Engine& operator=(Engine&&) = delete;

  const EngineSettings& settings() const { return settings_; }
  const Host& host() const { return settings_.host; }

  /// The kernel's BTF, parsed at first use and given back when nobody asked for a while (tick());
  /// null when there is none, then btf_error() says why.
  const KernelBtf* kernel();
  const std::string& btf_error() const { return btf_error_; }
  /// Whether the running kernel itself offers BTF, and no other file is to be used instead.
  bool has_own_btf() const { return settings_.btf_path.empty() && kernel_btf_exists_; }
  /// The file that objects are relocated against; empty: the kernel's own.
  const std::string& core_btf() const { return settings_.btf_path; }
  /// A file with the kernel's types and those of its loaded modules, against which objects are
  /// relocated that look into modules while this thread lacks CAP_SYS_ADMIN. It lives as long as
  /// kernel().
  Result<std::string> core_btf_with_modules();

  /// Whether the kernel skips a tracepoint's program that would interrupt itself on its CPU, by the
  /// function that counts such runs (kernel/bpf/trampoline.c, since 6.1). False without BTF.
  bool never_nests_programs();
  /// Why hooks of this kind cannot be used; empty: they can, as far as is known.
  std::string why_not(std::string_view kind) const;
  /// What one tool learned of a kind of hooks holds for all: this kernel refuses it.
  void refuse_kind(const std::string& kind, const std::string& reason);

  Names& names();
  /// Once per tick of any tool: follows the names and frees what is not used any more. Returns the
  /// names' epoch.
  std::uint64_t tick(std::int64_t now_ns);

  /// A tool's wish for map memory: when it is found if it is on by default, else when it is made.
  void memory_add(const MapMemory& memory);
  void memory_remove(const MapMemory& memory);
  /// By what each tool's series and things in flight must be scaled down for all to fit the limit;
  /// at most 1.
  double memory_scale() const;

 private:
  EngineSettings settings_;
  bool kernel_btf_exists_;
  std::optional<KernelBtf> kernel_;
  Fd with_modules_;  // in memory; none: not made yet
  std::string btf_error_;
  std::int64_t kernel_used_ns_ = 0;
  std::unique_ptr<KernelSymbols> symbols_;  // until names_ has them
  std::unique_ptr<Names> names_;
  std::int64_t last_tick_ns_ = 0;
  std::uint64_t epoch_ = 0;
  std::optional<bool> never_nests_programs_;
  std::vector<std::pair<std::string, std::string>> refused_;  // kind, reason
  mutable std::mutex memory_mutex_;
  MapMemory memory_wanted_;
};

}  // namespace kernstat::bpf
