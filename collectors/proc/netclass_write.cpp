// SPDX-License-Identifier: Apache-2.0
#include <net/if.h>

#include <optional>

#include "collectors/proc/netclass.h"

namespace kernstat {
namespace {

using Value = std::optional<double>;

struct Quantity {
  Metric metric;
  Value (*value)(const LinkState&);
};

template <typename T>
Value maybe(const std::optional<T>& value) {
  return value ? Value(static_cast<double>(*value)) : std::nullopt;
}

constexpr Metric gauge(std::string_view name, std::string_view help) {
  return {name, MetricType::kGauge, help};
}
constexpr Metric counter(std::string_view name, std::string_view help) {
  return {name, MetricType::kCounter, help};
}

constexpr std::uint8_t kOperstateUp = 6;       // IF_OPER_UP
constexpr std::uint8_t kOperstateDormant = 5;  // IF_OPER_DORMANT
constexpr double kBytesPerMbit = 125'000;

constexpr Quantity kQuantities[] = {
    {gauge("node_network_up", "1 if the interface's operational state is up, from IFLA_OPERSTATE."),
     [](const LinkState& s) -> Value { return s.link.operstate == kOperstateUp ? 1 : 0; }},
    // Without IFF_UP there is no carrier to speak of: sysfs refuses to tell.
    {gauge("node_network_carrier", "1 if the interface has a carrier, from IFLA_CARRIER."),
     [](const LinkState& s) -> Value {
       return (s.link.flags & IFF_UP) != 0 ? maybe(s.link.carrier) : std::nullopt;
     }},
    {counter("node_network_carrier_changes_total",
             "Changes of the carrier, from IFLA_CARRIER_CHANGES."),
     [](const LinkState& s) { return maybe(s.link.carrier_changes); }},
    {counter("node_network_carrier_up_changes_total",
             "Times the carrier came, from IFLA_CARRIER_UP_COUNT."),
     [](const LinkState& s) { return maybe(s.link.carrier_up); }},
    {counter("node_network_carrier_down_changes_total",
             "Times the carrier went, from IFLA_CARRIER_DOWN_COUNT."),
     [](const LinkState& s) { return maybe(s.link.carrier_down); }},
    {gauge("node_network_dormant",
           "1 if the interface waits for something outside (802.1X, say), from IFLA_OPERSTATE."),
     [](const LinkState& s) -> Value {
       if ((s.link.flags & IFF_UP) == 0) return std::nullopt;
       return s.link.operstate == kOperstateDormant ? 1 : 0;
     }},
    {gauge("node_network_flags", "Flags of the interface (IFF_*), from rtnetlink."),
     [](const LinkState& s) -> Value { return sysfs_flags(s.link); }},
    {gauge("node_network_iface_id", "Number of the interface, from rtnetlink."),
     [](const LinkState& s) -> Value { return s.link.index; }},
    {gauge("node_network_iface_link",
           "Number of the interface that this one is linked to, or its own, from IFLA_LINK."),
     [](const LinkState& s) -> Value { return s.link.peer.value_or(s.link.index); }},
    {gauge("node_network_iface_link_mode", "Link mode, from IFLA_LINKMODE."),
     [](const LinkState& s) { return maybe(s.link.mode); }},
    {gauge("node_network_mtu_bytes", "Largest packet, from IFLA_MTU."),
     [](const LinkState& s) -> Value { return s.link.mtu; }},
    {gauge("node_network_net_dev_group", "Group of the interface, from IFLA_GROUP."),
     [](const LinkState& s) -> Value { return s.link.group; }},
    {gauge("node_network_protocol_type", "Hardware type (ARPHRD_*), from rtnetlink."),
     [](const LinkState& s) -> Value { return s.link.type; }},
    {gauge("node_network_address_assign_type",
           "How the address was given, from /sys/class/net/DEVICE/addr_assign_type."),
     [](const LinkState& s) { return maybe(s.facts.address_assign_type); }},
    {gauge("node_network_name_assign_type",
           "How the name was given, from /sys/class/net/DEVICE/name_assign_type."),
     [](const LinkState& s) { return maybe(s.facts.name_assign_type); }},
    {gauge("node_network_device_id",
           "Number among interfaces that share an address, from /sys/class/net/DEVICE/dev_id."),
     [](const LinkState& s) { return maybe(s.facts.device_id); }},
    {gauge("node_network_speed_bytes",
           "Speed of the link in bytes per second, from /sys/class/net/DEVICE/speed."),
     [](const LinkState& s) -> Value {
       if (!s.facts.speed_mbit) return std::nullopt;
       return static_cast<double>(*s.facts.speed_mbit) * kBytesPerMbit;
     }},
};

constexpr Metric kInfo{"node_network_info", MetricType::kInfo,
                       "Address and state of an interface, from rtnetlink and sysfs."};
constexpr Metric kOtherNames{"node_network_altnames_info", MetricType::kInfo,
                             "Alternative name of an interface, from IFLA_ALT_IFNAME."};

}  // namespace

void write_link_states(const Rows<LinkState>& states, Families& out) {
  for (const Quantity& quantity : kQuantities) {
    out.family(quantity.metric);
    for (const LinkState& state : states) {
      if (const auto value = quantity.value(state)) out.sample(state.labels, *value);
    }
  }
  out.family(kInfo);
  for (const LinkState& state : states) out.sample(state.info_labels, std::uint64_t{1});
  out.family(kOtherNames);
  for (const LinkState& state : states) {
    for (const std::string& labels : state.other_names) out.sample(labels, std::uint64_t{1});
  }
}

}  // namespace kernstat
