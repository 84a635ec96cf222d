// SPDX-License-Identifier: Apache-2.0
#include "collectors/bpf/engine.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "collectors/bpf/kernel_symbols.h"

namespace kernstat::bpf {
namespace {

constexpr std::int64_t kKeepBtfNs = 5'000'000'000;
// Tools tick one after the other in one wake-up: names are followed once for all of them.
constexpr std::int64_t kSameTickNs = 10'000'000;

}  // namespace

Engine::Engine(EngineSettings settings)
    : settings_(std::move(settings)),
      kernel_btf_exists_(::access(settings_.host.sys_path("kernel/btf/vmlinux").c_str(), R_OK) ==
                         0),
      symbols_(std::make_unique<KernelSymbols>(settings_.host)) {}

Engine::~Engine() = default;

const KernelBtf* Engine::kernel() {
  kernel_used_ns_ = last_tick_ns_;
  if (kernel_) return &*kernel_;
  const std::string path = settings_.btf_path.empty()
                               ? settings_.host.sys_path("kernel/btf/vmlinux")
                               : settings_.btf_path;
  auto loaded = KernelBtf::load(path);
  if (!loaded) {
    btf_error_ = loaded.error().message;
    return nullptr;
  }
  kernel_.emplace(*std::move(loaded));
  return &*kernel_;
}

bool Engine::never_nests_programs() {
  if (!never_nests_programs_) {
    const KernelBtf* known = kernel();
    never_nests_programs_ = known != nullptr && known->has_function("bpf_prog_inc_misses_counter");
  }
  return *never_nests_programs_;
}

Result<std::string> Engine::core_btf_with_modules() {
  const std::string path = "/proc/self/fd/";
  if (with_modules_) return path + std::to_string(with_modules_.get());
  const KernelBtf* types = kernel();
  if (types == nullptr) return fail(ErrorKind::kAbsent, btf_error_);
  const std::vector<std::byte> bytes = types->with_modules();
  Fd file(::memfd_create("kernstat_btf", MFD_CLOEXEC));
  if (!file) return fail_errno("memfd_create");
  for (std::size_t done = 0; done < bytes.size();) {
    const ssize_t written = ::write(file.get(), bytes.data() + done, bytes.size() - done);
    if (written <= 0) return fail_errno("types of modules");
    done += static_cast<std::size_t>(written);
  }
  with_modules_ = std::move(file);
  return path + std::to_string(with_modules_.get());
}

std::string Engine::why_not(std::string_view kind) const {
  for (const std::string& avoided : settings_.avoid) {
    if (avoided == kind) return "hooks of this kind are to be avoided";
  }
  for (const auto& [refused, reason] : refused_) {
    if (refused == kind) return reason;
  }
  return {};
}

void Engine::refuse_kind(const std::string& kind, const std::string& reason) {
  if (why_not(kind).empty()) refused_.emplace_back(kind, reason);
}

Names& Engine::names() {
  if (!names_) names_ = std::make_unique<Names>(settings_.host, std::move(symbols_));
  return *names_;
}

std::uint64_t Engine::tick(std::int64_t now_ns) {
  if (kernel_ && now_ns - kernel_used_ns_ > kKeepBtfNs) {
    kernel_.reset();
    with_modules_ = Fd();
  }
  if (epoch_ != 0 && now_ns - last_tick_ns_ < kSameTickNs) return epoch_;
  last_tick_ns_ = now_ns;
  epoch_ = names().refresh() + 1;
  return epoch_;
}

void Engine::memory_add(const MapMemory& memory) {
  const std::lock_guard lock(memory_mutex_);
  memory_wanted_.fixed += memory.fixed;
  memory_wanted_.scaled += memory.scaled;
}

void Engine::memory_remove(const MapMemory& memory) {
  const std::lock_guard lock(memory_mutex_);
  memory_wanted_.fixed -= std::min(memory.fixed, memory_wanted_.fixed);
  memory_wanted_.scaled -= std::min(memory.scaled, memory_wanted_.scaled);
}

double Engine::memory_scale() const {
  const std::lock_guard lock(memory_mutex_);
  const std::uint64_t limit = settings_.memory_limit;
  const std::uint64_t left = limit - std::min(memory_wanted_.fixed, limit);
  if (memory_wanted_.scaled <= left) return 1;
  return static_cast<double>(left) / static_cast<double>(memory_wanted_.scaled);
}

}  // namespace kernstat::bpf
