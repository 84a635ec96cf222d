// SPDX-License-Identifier: Apache-2.0
// Why an object did not load, in words for an operator.
#pragma once

#include <cstdint>
#include <string_view>

#include "collectors/support/host.h"
#include "collectors/support/result.h"

namespace kernstat::bpf {

/// What is known when a load failed.
struct LoadCircumstances {
  int error_number = 0;
  std::string_view log;      ///< libbpf's warnings and the verifier's log
  std::string_view missing;  ///< capabilities that this thread lacks, or empty
  int bpf_error = 0;         ///< what bpf(2) itself answers: 0 when it is there and allowed
  std::uint64_t memlock_bytes = ~0ULL;  ///< RLIMIT_MEMLOCK; all ones: infinity
  bool confidential = false;  ///< kernel_lockdown(7): programs read no memory but by types
};

/// kDenied where a privilege or a limit is in the way and says which; kAbsent where this kernel
/// cannot do it; kSystem for a passing want of memory.
Error load_error(const LoadCircumstances& now);

/// The circumstances of this thread on this host.
LoadCircumstances load_circumstances(int error_number, std::string_view log,
                                     std::string_view missing, const Host& host);

}  // namespace kernstat::bpf
