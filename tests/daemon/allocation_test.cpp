// SPDX-License-Identifier: Apache-2.0
// Steady-state ticks allocate nothing: what runs every second for months must not stir the heap.
#include <catch2/catch.hpp>
#include <cstdlib>
#include <new>

#include "collectors/bpf/discover.h"
#include "daemon/job.h"

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) && !defined(__clang__)
#define KERNSTAT_COUNTS_ALLOCATIONS
#endif

#ifdef KERNSTAT_COUNTS_ALLOCATIONS

namespace {

thread_local std::uint64_t t_allocations = 0;

void* counted(std::size_t size) {
  ++t_allocations;
  return std::malloc(size == 0 ? 1 : size);
}

}  // namespace

// The whole test binary uses these; aligned forms are not replaced, nobody here needs them.
void* operator new(std::size_t size) {
  void* const memory = counted(size);
  if (memory == nullptr) std::abort();
  return memory;
}
void* operator new[](std::size_t size) { return operator new(size); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }

using namespace kernstat;

TEST_CASE("allocation: the counter counts") {
  const std::uint64_t before = t_allocations;
  int* volatile made = new int(1);  // volatile: or the compiler leaves both out
  delete made;
  const std::uint64_t counted_here = t_allocations - before;
  CHECK(counted_here == 1);
}

namespace {

// The host changes under the test (a new process, a longer file): one window in which nothing was
// allocated is proof enough, and a collector that allocates at each tick has none. True when it
// could be tested.
bool allocates_nothing(const CollectorSpec& spec) {
  constexpr int kWindows = 20;
  constexpr int kTicks = 5;
  Job job({spec, Options::defaults(spec), spec.interval, true, Host{}, Grid::Phase{0}, nullptr,
           monotonic_now_ns});
  for (int i = 0; i < kTicks; ++i) job.tick(monotonic_now_ns());
  if (job.status().state != CollectorState::kOk) {
    WARN(spec.name << " is not tested here: " << job.status().error);
    return false;
  }
  std::uint64_t least = UINT64_MAX;
  for (int window = 0; window < kWindows && least > 0; ++window) {
    const std::uint64_t before = t_allocations;
    for (int i = 0; i < kTicks; ++i) job.tick(monotonic_now_ns());
    least = std::min(least, t_allocations - before);
  }
  INFO(spec.name << " allocates at least " << least << " times in " << kTicks << " ticks");
  CHECK(least == 0);
  return true;
}

}  // namespace

TEST_CASE("allocation: steady-state ticks of every cheap collector allocate nothing") {
  for (const CollectorSpec& spec : registered_collectors()) {
    if (spec.lane == Lane::kFast) allocates_nothing(spec);
  }
}

TEST_CASE("allocation: steady-state ticks of every BPF tool allocate nothing", "[.bpf]") {
  BpfConfig config;
  config.dir = KERNSTAT_BUILD "/bpf";
  config.budget = 1;
  Problems problems;
  int tested = 0;
  for (const CollectorSpec& spec :
       bpf::discover_tools(config, {}, bpf::Broken::kReport, problems)) {
    tested += allocates_nothing(spec);
  }
  CHECK(problems.text().empty());
  CHECK(tested > 0);
}

#endif
