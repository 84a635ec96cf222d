// SPDX-License-Identifier: Apache-2.0
// What a tool's programs cost, and whether that is too much.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "collectors/bpf/map_scan.h"

namespace kernstat::bpf {

/// Cumulative cost of one program.
struct ProgramCost {
  std::string program;
  std::uint64_t runs = 0;
  double seconds = 0;  ///< all CPUs; from one timed run in 64
};

/// Follows the counters of the programs' wrapper (struct ks_cost of bpf/prog.bpf.h). One thread.
class Costs {
 public:
  /// `programs`: the loaded ones, by their slot in the map.
  explicit Costs(std::vector<std::string> programs);

  /// Takes over one read of the map ks_costs (key __u32; runs, timed runs, timed ns).
  void update(const Rows& rows);
  const std::vector<ProgramCost>& programs() const { return costs_; }
  double seconds() const;

 private:
  struct Timed {
    std::uint64_t runs = 0;
    std::uint64_t ns = 0;
  };
  std::vector<ProgramCost> costs_;
  std::vector<Timed> timed_;
};

/// Says when a tool costs more than its budget, and when it may be tried again. One thread.
class Budget {
 public:
  /// `share`: of one CPU, 0.01 is 1 %.
  explicit Budget(double share) : share_(share) {}

  /// To be told the total cost at each tick. True when the tool must be shed now: over a window of
  /// 30 s or more it cost more than its share, or over 5 s more than four times its share.
  bool exceeded(double seconds, std::int64_t now_ns);
  /// Starts the back-off: a minute at first, doubled each time up to an hour.
  void shed(std::int64_t now_ns);
  /// Whether the back-off is over.
  bool may_resume(std::int64_t now_ns) const { return now_ns >= resume_ns_; }
  void resume(double seconds, std::int64_t now_ns);

  double share() const { return share_; }
  /// What the last full window cost, as a share of one CPU.
  double last_share() const { return last_share_; }
  std::int64_t back_off_ns() const { return back_off_ns_; }

 private:
  double share_;
  double last_share_ = 0;
  double window_seconds_ = 0;  // the cost at the window's begin
  std::int64_t window_ns_ = 0;
  std::int64_t back_off_ns_ = 0;
  std::int64_t resume_ns_ = 0;
  bool begun_ = false;
};

}  // namespace kernstat::bpf
