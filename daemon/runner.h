// SPDX-License-Identifier: Apache-2.0
// All collectors while they run: their threads, their states, and what they say at a scrape.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "collectors/collector.h"
#include "config/config.h"
#include "daemon/collectors.h"
#include "daemon/grid.h"
#include "daemon/job.h"
#include "daemon/lane.h"
#include "daemon/self_metrics.h"

namespace kernstat {

/// Owns the lanes and their collectors. apply() and stop() are called from one thread; the rest
/// from any.
class Runner final : public Collectors {
 public:
  struct Settings {
    Host host;
    Grid::Phase phase;
    JobLog log;  ///< told of each change of a collector's state; called on the lane threads
    /// Called first on a new lane's thread (and in run_once, not at all): to drop privileges.
    std::function<void(Lane)> on_thread;
    /// Called on the BPF lane's thread when the first tick of all its collectors is over.
    std::function<void()> after_first_bpf_pass;
  };
  explicit Runner(Settings settings);
  ~Runner() override;
  Runner(const Runner&) = delete;
  Runner& operator=(const Runner&) = delete;
  Runner(Runner&&) = delete;
  Runner& operator=(Runner&&) = delete;

  /// Begins the threads, with nothing to read yet; the BPF lane's first. apply() does it, too.
  void start_lanes();
  /// Makes `loaded` what runs: starts what is new, ends what is gone or disabled, and exchanges
  /// what is configured otherwise. What stays the same keeps its descriptors, folds and counts; a
  /// changed interval alone also does. Gives a sentence that says what changed.
  std::string apply(const LoadedConfig& loaded);
  /// Reads every collector of the configuration on this thread, without lanes: for --once.
  void run_once(const LoadedConfig& loaded);
  /// Ends the lanes. False when one did not end within `patience`: it is stuck in the kernel, and
  /// the process must end without joining it.
  bool stop(std::chrono::milliseconds patience);

  void write_all(Families& out, const Selection& selection) override;
  void write_own(Families& out, const Selection& selection) override;
  std::vector<CollectorStatus> status() const override;
  std::vector<CollectorStatus> off() const override;
  bool healthy() const override;
  bool ready() const override;
  SelfMetrics& self() { return self_; }

 private:
  using Jobs = std::vector<std::shared_ptr<Job>>;

  std::shared_ptr<const Jobs> jobs() const;
  void note_off(const LoadedConfig& loaded);
  std::shared_ptr<Job> make_job(const CollectorSpec& spec, const CollectorConfig& config,
                                bool stretch) const;

  Settings settings_;
  SelfMetrics self_;
  mutable std::mutex mutex_;  // of the next three
  std::vector<CollectorStatus> off_;
  std::shared_ptr<const Jobs> jobs_;
  bool is_applied_ = false;  // until then there is nothing that could be ready
  std::array<std::unique_ptr<LaneThread>, 3> lanes_;
};

}  // namespace kernstat
