// SPDX-License-Identifier: Apache-2.0
// Traffic of network interfaces.
#pragma once

#include <linux/if_link.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "collectors/collector.h"
#include "collectors/fold.h"
#include "collectors/options.h"
#include "collectors/proc/link_addresses.h"
#include "collectors/proc/links.h"
#include "collectors/support/rows.h"

namespace kernstat {

/// One interface's counters at a tick.
struct NetDevice {
  std::string name;
  std::string kind;  ///< as in Link
  std::int32_t index = 0;
  std::string labels;      ///< device="name", made when the row is born
  bool may_fold = false;   ///< by its name
  bool kind_folds = true;  ///< by its kind
  bool folded = false;
  bool has_nohandler = false;
  std::uint32_t queue_length = 0;
  rtnl_link_stats64 stats{};
};

struct NetDevices {
  Rows<NetDevice> rows;
  /// Label texts of all addresses; null when they are not asked for.
  std::shared_ptr<const std::vector<std::string>> addresses;
};

/// Received and sent bytes per second of each interface as histograms over time. An interface that
/// goes takes its histograms with it; one that comes anew under an old name begins anew.
class NetFolds {
 public:
  void fold(const NetDevices& before, const NetDevices& now, double seconds);
  void write(Families& out) const;

 private:
  struct Entry {
    std::int32_t index;
    std::string labels;
    Fold receive;
    Fold transmit;
    bool present;
  };
  Entry& entry_of(const NetDevice& device, std::size_t hint);

  std::vector<Entry> entries_;
};

/// Says the counters. Pure.
void write_net_devices(const NetDevices& sample, Families& out);

}  // namespace kernstat
