// SPDX-License-Identifier: Apache-2.0
// How many entries the maps of a tool get, and the kernel memory that takes.
#pragma once

#include <cstddef>
#include <cstdint>

#include "collectors/bpf/engine.h"
#include "collectors/bpf/object.h"
#include "collectors/bpf/plan.h"

namespace kernstat::bpf {

/// Before the object is loaded: room for the series that fit the memory limit, and for `other`; for
/// things in flight likewise. `max_series`: capacity of each map of series instead of the plan's,
/// or 0. `scale`: Engine::memory_scale().
void size_maps(const Object& object, const Plan& plan, std::uint32_t max_series,
               std::size_t program_count, double scale);

/// Kernel memory of the tool's maps on a machine of `cpus` possible CPUs, if all series that it
/// wants fit. `max_series`: as above.
MapMemory wanted_memory(const Object& object, const Plan& plan, std::size_t cpus,
                        std::uint32_t max_series = 0);

/// Entries for series of a map that would like `capacity`, scaled down to fit the limit, but never
/// fewer than the `least` that exist from the start.
std::uint32_t scaled_series(std::uint32_t capacity, double scale, std::uint32_t least = 0);

}  // namespace kernstat::bpf
