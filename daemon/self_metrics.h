// SPDX-License-Identifier: Apache-2.0
// What the daemon says of itself at each scrape.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "collectors/metrics.h"
#include "collectors/support/labels.h"
#include "daemon/collectors.h"
#include "daemon/job.h"

namespace kernstat {

/// Facts of the daemon that are not a collector's. Any thread.
class SelfMetrics {
 public:
  SelfMetrics();

  /// The configuration was read again, well or not.
  void reloaded(bool successful);
  /// Why no BPF program runs, in a word for a label; empty: they may run.
  void set_bpf_off(const std::string& reason);
  std::string bpf_off() const;
  /// The collectors and tools that are known and do not run.
  void set_off(const std::vector<std::string>& names);

  void write(Families& out, const std::vector<std::shared_ptr<Job>>& jobs,
             const Selection& selection) const;

 private:
  mutable std::mutex mutex_;
  bool last_reload_successful_ = true;
  double last_reload_seconds_ = 0;
  Labels build_info_;
  std::string bpf_off_;
  std::vector<std::pair<std::string, Labels>> off_;  // name, labels of its state
};

}  // namespace kernstat
