// SPDX-License-Identifier: Apache-2.0
// State of network interfaces: what node_exporter reads from /sys/class/net.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "collectors/metrics.h"
#include "collectors/proc/links.h"
#include "collectors/support/host.h"
#include "collectors/support/rows.h"

namespace kernstat {

/// What only sysfs knows of an interface. Absent where the file is absent or cannot be read
/// (a speed of an interface without a link).
struct LinkFacts {
  std::optional<std::int64_t> address_assign_type;
  std::optional<std::int64_t> device_id;
  std::optional<std::int64_t> name_assign_type;
  std::optional<std::uint64_t> speed_mbit;  ///< per second
  std::string duplex;
};

/// Reads the files of one interface; takes the kernel's rtnl lock and asks the driver.
LinkFacts read_link_facts(const Host& host, const std::string& device);

/// One interface at a tick.
struct LinkState {
  Link link;
  LinkFacts facts;
  std::string name;                      ///< that `labels` was made for
  std::string labels;                    ///< device="name"; empty: not wanted
  std::string info_labels;               ///< of node_network_info
  std::vector<std::string> other_names;  ///< labels of node_network_altnames_info
};

/// The flags as /sys/class/net/DEVICE/flags has them: without those that netlink adds from the
/// interface's state (kernel: net/core/dev.c, dev_get_flags).
std::uint32_t sysfs_flags(const Link& link);

/// Makes the label texts of `state` for its link and facts.
void make_link_labels(LinkState& state);

void write_link_states(const Rows<LinkState>& states, Families& out);

}  // namespace kernstat
