// SPDX-License-Identifier: Apache-2.0
// A BPF tool as a collector.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "collectors/bpf/costs.h"
#include "collectors/bpf/engine.h"
#include "collectors/bpf/loader.h"
#include "collectors/bpf/plan.h"
#include "collectors/bpf/self_metrics.h"
#include "collectors/bpf/series_book.h"
#include "collectors/bpf/tool_spec.h"
#include "collectors/collector.h"

namespace kernstat::bpf {

/// A tool's files, checked: shared by all collectors that are made of it.
struct ToolFiles {
  ToolSpec spec;
  Plan plan;
  std::string object_path;
  MapMemory wanted_memory;
};

/// Loads the tool at its first read and reads its maps at each; counts go on as long as it lives.
/// A tool that cannot load tries again after some minutes. One that costs more than its budget is
/// detached and tried again after a back-off; meanwhile its series are missing, its counts stay.
class Tool final : public Collector {
 public:
  /// `max_series`: of each map of series; 0: as the tool's files say.
  Tool(std::shared_ptr<const ToolFiles> files, std::shared_ptr<Engine> engine,
       Parameters parameters, double budget, std::uint32_t max_series = 0);
  ~Tool() override;
  Tool(const Tool&) = delete;
  Tool& operator=(const Tool&) = delete;
  Tool(Tool&&) = delete;
  Tool& operator=(Tool&&) = delete;

  Result<void> read(const Tick& tick) override;
  void publish() override;
  void write(Families& out, bool current) const override;

 private:
  struct Live;  // what exists while the tool is loaded

  Result<void> load(std::int64_t now_ns);
  Result<void> check_budget(std::int64_t now_ns);
  Result<void> read_sources(std::int64_t now_ns, std::uint64_t epoch);
  void attach_waiting();
  void sweep(std::int64_t now_ns);
  void describe();
  void count();

  const std::shared_ptr<const ToolFiles> files_;
  const std::shared_ptr<Engine> engine_;
  const Parameters parameters_;
  const std::uint32_t max_series_;
  const MapMemory memory_;
  Budget budget_;
  std::unique_ptr<Live> live_;
  std::vector<Hook> failed_hooks_;
  std::optional<Error> load_error_;
  std::int64_t retry_ns_ = 0;
  bool is_shed_ = false;
  std::uint64_t shed_count_ = 0;
  double load_seconds_ = 0;
  double walk_seconds_ = 0;    // this thread's CPU time in iterators and looking for libraries
  std::vector<Shown> next_;    // one per metric
  std::vector<Shown> latest_;  // guarded by the collector's lock
  mutable std::vector<std::unique_ptr<HistRenderer>> renderers_;  // one per histogram metric
  mutable std::mutex status_mutex_;
  ToolStatus status_;  // guarded by status_mutex_: also said when a read failed
};

}  // namespace kernstat::bpf
