// SPDX-License-Identifier: Apache-2.0
// Functions of the kernel by address.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "collectors/support/fd.h"
#include "collectors/support/host.h"

namespace kernstat::bpf {

/// Finds the functions that hold addresses in the text of /proc/kallsyms, given piece by piece.
class SymbolSearch {
 public:
  /// `addresses`: in any order.
  explicit SymbolSearch(const std::vector<std::uint64_t>& addresses);

  struct Found {
    std::uint64_t address = 0;
    std::uint64_t begin = 0;  ///< where the function begins; 0: none holds the address
    std::string name;
  };

  /// Takes whole lines. False when the file hides addresses: then nothing more is to be had.
  bool take(std::string_view lines);
  /// Each address once: the last symbol of text at or below it.
  std::vector<Found> finish();

 private:
  std::vector<Found> found_;  // by address
};

/// Names the functions that hold addresses by <proc>/kallsyms, which shows addresses only to those
/// who had CAP_SYSLOG when they opened it: it is opened at once and stays open, its text (10 MB) is
/// not kept. One pass finds all addresses that are wanted, and the next waits until it costs no
/// more than a thousandth of one CPU. One thread.
class KernelSymbols {
 public:
  explicit KernelSymbols(const Host& host);

  /// Looks up all unknown ones of `addresses` and of earlier calls, or keeps them (a bounded
  /// number) for a later call if it is not time for a pass. `now_ns`: CLOCK_MONOTONIC.
  void want(const std::vector<std::uint64_t>& addresses, std::int64_t now_ns);
  /// Nothing before it was looked up; empty when no function holds it or addresses are hidden.
  std::optional<std::string_view> find(std::uint64_t address) const;

 private:
  static constexpr std::size_t kMostKnown = 16384;
  static constexpr std::size_t kMostWanted = 4096;
  static constexpr std::int64_t kPauses = 1000;  // as long as the pass

  enum class Pass : std::uint8_t { kDone, kHidden, kFailed };
  Pass pass(SymbolSearch& search) const;

  Fd file_;  // none: nothing is shown
  std::int64_t next_ns_ = 0;
  std::unordered_map<std::uint64_t, std::string> names_;
  std::unordered_set<std::uint64_t> wanted_;
};

}  // namespace kernstat::bpf
