// SPDX-License-Identifier: Apache-2.0
// Network interfaces from one rtnetlink dump, shared by the collectors that report them.
#pragma once

#include <linux/if_link.h>
#include <linux/netlink.h>

#include <array>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "collectors/support/netlink.h"
#include "collectors/support/result.h"
#include "collectors/support/rows.h"

namespace kernstat {

/// A hardware address as the kernel has it: up to 32 bytes (MAX_ADDR_LEN).
struct LinkAddress {
  std::array<std::uint8_t, 32> bytes{};
  std::uint8_t size = 0;

  bool operator==(const LinkAddress&) const = default;
  /// "02:fc:00:00:00:01"; empty when there is none.
  std::string text() const;
};

/// What RTM_NEWLINK says of one interface (kernel: net/core/rtnetlink.c, rtnl_fill_ifinfo).
struct Link {
  std::int32_t index = 0;
  std::uint16_t type = 0;   ///< ARPHRD_*
  std::uint32_t flags = 0;  ///< IFF_*
  std::string name;
  std::string alias;
  std::string kind;  ///< IFLA_INFO_KIND ("veth", "bridge", …); empty: hardware, or lo
  std::vector<std::string> other_names;
  LinkAddress address;
  LinkAddress broadcast;
  std::uint32_t mtu = 0;
  std::uint32_t queue_length = 0;
  std::uint32_t group = 0;
  std::uint32_t promiscuity = 0;
  std::optional<std::int32_t> peer;  ///< IFLA_LINK; absent when it is the interface itself
  std::optional<std::uint8_t> operstate;
  std::optional<std::uint8_t> mode;
  std::optional<std::uint8_t> carrier;
  std::optional<std::uint32_t> carrier_changes;
  std::optional<std::uint32_t> carrier_up;
  std::optional<std::uint32_t> carrier_down;
  bool has_stats = false;
  bool has_nohandler = false;
  rtnl_link_stats64 stats{};
};

/// Reads one RTM_NEWLINK message, whose length must be within its buffer. False when it is of
/// another type, malformed, or names no interface; `into` is then of no use. Attributes that are
/// too short are left out.
bool parse_link(const nlmsghdr& message, Link& into);

/// "unknown", "notpresent", "down", "lowerlayerdown", "testing", "dormant", "up" (RFC 2863).
std::string_view operstate_name(std::uint8_t operstate);

/// The interfaces of the daemon's network namespace, dumped once for all who ask at about the same
/// time. Any thread.
class LinkSource {
 public:
  /// The one of the process; it lives as long as somebody holds it.
  static std::shared_ptr<LinkSource> shared();

  /// Copies the interfaces into `into`, from a dump that is at most `max_age_ns` old at `now_ns`
  /// (CLOCK_MONOTONIC), if need be from a new one.
  Result<void> read(std::int64_t now_ns, std::int64_t max_age_ns, Rows<Link>& into);

 private:
  Result<void> dump();

  std::mutex mutex_;
  RouteSocket socket_;
  Rows<Link> links_;
  bool has_dump_ = false;
  std::int64_t dumped_ns_ = 0;
};

}  // namespace kernstat
