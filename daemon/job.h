// SPDX-License-Identifier: Apache-2.0
// One collector at work: when it is due, how it fares, what it costs.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "collectors/collector.h"
#include "collectors/options.h"
#include "collectors/support/labels.h"
#include "daemon/collectors.h"
#include "daemon/grid.h"
#include "daemon/stretch.h"

namespace kernstat {

/// Told when a collector's state changes: name, the state before and the one now, the error.
using JobLog = std::function<void(const std::string& name, CollectorState before,
                                  CollectorState now, const std::string& error)>;

/// The numbers of a job's status, without its texts. Times as in CollectorStatus.
struct JobFigures {
  CollectorState state = CollectorState::kStarting;
  double interval_seconds = 0;  ///< effective
  double duration_seconds = 0;
  double cpu_seconds = 0;  ///< of all reads, on the lane's thread clock
  double last_success_seconds = 0;
  double sample_age_seconds = 0;
  bool has_sample = false;
  std::uint64_t ticks = 0;
  std::uint64_t missed = 0;
  std::uint64_t failures = 0;
  std::uint64_t series = 0;
};

/// tick() and due_ns() belong to the lane's thread; write() and status() to any.
class Job {
 public:
  struct Setup {
    CollectorSpec spec;
    Options options;
    std::chrono::milliseconds interval{1000};
    bool stretch = true;
    Host host;
    Grid::Phase phase;
    JobLog log;
    std::int64_t (*clock)() = monotonic_now_ns;  ///< another one for tests
  };
  explicit Job(Setup setup);

  /// Reads the collector once (makes it first, if there is none yet) and says when it is due again.
  /// `now` is CLOCK_MONOTONIC in ns. Steady state allocates nothing.
  void tick(std::int64_t now);
  std::int64_t due_ns() const { return due_; }
  /// Asks for another interval; keeps all that the collector has gathered. True when it is another.
  /// Any thread.
  bool set_interval(std::chrono::milliseconds interval, bool stretch);
  /// Lane thread: takes what set_interval() asked for.
  void adopt_interval(std::int64_t now);
  /// Lane thread: ends the collector, where its privileges are. write() says nothing afterwards.
  void close();

  void write(Families& out);
  CollectorStatus status() const;
  /// Series of the last write(), those beyond a limit included.
  std::uint64_t series() const;
  bool yields() const { return setup_.spec.yields; }
  bool has_ended_a_read() const;
  JobFigures figures() const;
  /// Of the sample that the last write() said, which a read may have replaced since; of now where
  /// it said none.
  JobFigures written_figures() const;

  /// collector="name"
  const std::string& labels() const { return labels_.text(); }
  const std::string& name() const { return setup_.spec.name; }
  Lane lane() const { return setup_.spec.lane; }
  const Options& options() const { return setup_.options; }
  const CollectorSpec& spec() const { return setup_.spec; }

 private:
  Result<void> make_and_read(const Tick& tick);
  void settle(const Result<void>& outcome, std::int64_t start, std::int64_t cpu_start);
  void plan_next(std::int64_t now);
  JobFigures figures_now() const;  // with mutex_ held

  const Setup setup_;
  const Labels labels_;
  std::unique_ptr<Collector> collector_;
  std::int64_t due_ = 0;  // 0: at once
  Stretch stretch_;
  bool stretches_ = true;

  // Guards the collector's publish() and write(), and everything below.
  mutable std::mutex mutex_;
  CollectorState state_ = CollectorState::kStarting;
  std::string error_;
  std::chrono::milliseconds interval_;
  std::chrono::nanoseconds effective_;
  std::chrono::nanoseconds last_duration_{0};
  std::chrono::nanoseconds cpu_{0};
  double last_success_seconds_ = 0;
  std::int64_t last_success_ns_ = 0;
  std::uint64_t missed_ = 0;
  std::uint64_t failures_ = 0;
  std::uint64_t series_ = 0;
  bool has_sample_ = false;
  std::optional<JobFigures> written_;
  std::uint64_t ticks_ = 0;
  std::chrono::milliseconds wanted_interval_;
  bool wanted_stretch_ = true;
};

}  // namespace kernstat
