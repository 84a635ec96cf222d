// SPDX-License-Identifier: Apache-2.0
#include "collectors/proc/netdev.h"

#include <linux/rtnetlink.h>
#include <net/if.h>

#include <catch2/catch.hpp>

#include "collectors/proc/arp.h"
#include "collectors/proc/default_route.h"
#include "collectors/proc/netclass.h"
#include "collectors/support/labels.h"
#include "tests/collectors/collector_fixture.h"
#include "tests/page_text.h"

namespace kernstat {
namespace {

// A message under construction.
struct Message {
  alignas(8) std::array<char, 2048> bytes{};
  nlmsghdr* const header = ::mnl_nlmsg_put_header(bytes.data());

  Message(const Message&) = delete;
  Message& operator=(const Message&) = delete;

  Message(std::uint16_t type, std::size_t family_size) {
    header->nlmsg_type = type;
    ::mnl_nlmsg_put_extra_header(header, family_size);
  }
  template <typename T>
  T& family() {
    return *static_cast<T*>(::mnl_nlmsg_get_payload(header));
  }
  Message& add(std::uint16_t type, const void* data, std::size_t size) {
    ::mnl_attr_put(header, type, size, data);
    return *this;
  }
  Message& add(std::uint16_t type, std::string_view text) {
    return add(type, std::string(text).c_str(), text.size() + 1);
  }
};

struct LinkMessage : Message {
  explicit LinkMessage(const char* name) : Message(RTM_NEWLINK, sizeof(ifinfomsg)) {
    family<ifinfomsg>().ifi_index = 7;
    family<ifinfomsg>().ifi_type = 1;
    family<ifinfomsg>().ifi_flags = IFF_UP | IFF_RUNNING | IFF_BROADCAST | (1U << 16U);
    add(IFLA_IFNAME, name);
  }
};

NetDevice device(const char* name, int index, std::uint64_t received, std::uint64_t sent) {
  NetDevice row;
  row.name = name;
  row.index = index;
  row.labels = Labels("device", name).text();
  row.folded = true;
  row.stats.rx_bytes = received;
  row.stats.tx_bytes = sent;
  return row;
}

NetDevices devices(std::initializer_list<NetDevice> rows) {
  NetDevices all;
  for (const NetDevice& row : rows) all.rows.add() = row;
  return all;
}

std::string folds_text(const NetFolds& folds) {
  return page_text([&](Families& out) { folds.write(out); });
}

bool has(const std::string& text, const std::string& line) {
  return ("\n" + text).find("\n" + line + "\n") != std::string::npos;
}

}  // namespace

TEST_CASE("links are read from their message") {
  LinkMessage message("eth0");
  const std::uint8_t address[] = {2, 0xfc, 0, 0, 0, 1};
  const std::uint32_t mtu = 1500;
  const std::uint8_t up = 6;
  rtnl_link_stats64 stats{};
  stats.rx_bytes = 1'000'000'000'000;
  stats.rx_nohandler = 3;
  message.add(IFLA_ADDRESS, address, sizeof(address)).add(IFLA_MTU, &mtu, sizeof(mtu));
  message.add(IFLA_OPERSTATE, &up, sizeof(up)).add(IFLA_STATS64, &stats, sizeof(stats));
  nlattr* const list = ::mnl_attr_nest_start(message.header, IFLA_PROP_LIST);
  message.add(IFLA_ALT_IFNAME, "lan");
  ::mnl_attr_nest_end(message.header, list);
  nlattr* const info = ::mnl_attr_nest_start(message.header, IFLA_LINKINFO);
  message.add(IFLA_INFO_KIND, "veth");
  ::mnl_attr_nest_end(message.header, info);
  Link link;
  REQUIRE(parse_link(*message.header, link));
  CHECK(link.name == "eth0");
  CHECK(link.kind == "veth");
  CHECK(link.address.text() == "02:fc:00:00:00:01");
  CHECK(link.mtu == 1500);
  CHECK(link.operstate == 6);
  CHECK_FALSE(link.carrier);
  CHECK(link.other_names == std::vector<std::string>{"lan"});
  CHECK((link.has_stats && link.has_nohandler));
  CHECK(link.stats.rx_bytes == 1'000'000'000'000);
  CHECK(sysfs_flags(link) == (IFF_UP | IFF_BROADCAST));
  // What was there before does not stay.
  REQUIRE(parse_link(*LinkMessage("eth1").header, link));
  CHECK(link.other_names.empty());
  CHECK(link.kind.empty());
  CHECK(link.address.text().empty());
  CHECK_FALSE(link.has_stats);
}

TEST_CASE("links that are cut or short give less, never a wrong number") {
  LinkMessage message("eth0");
  const std::uint16_t mtu = 1500;
  const std::array<char, 16> stats{};
  message.add(IFLA_MTU, &mtu, sizeof(mtu)).add(IFLA_STATS64, stats.data(), stats.size());
  Link link;
  REQUIRE(parse_link(*message.header, link));
  CHECK(link.mtu == 0);
  CHECK_FALSE(link.has_stats);
  const std::uint32_t whole = message.header->nlmsg_len;
  for (std::uint32_t size = 16; size < whole; ++size) {
    message.header->nlmsg_len = size;
    const bool named = parse_link(*message.header, link);
    CHECK((!named || link.name == "eth0"));
  }
  Message nameless(RTM_NEWLINK, sizeof(ifinfomsg));
  nameless.family<ifinfomsg>().ifi_index = 7;
  CHECK_FALSE(parse_link(*nameless.header, link));
  Message other(RTM_NEWADDR, sizeof(ifaddrmsg));
  CHECK_FALSE(parse_link(*other.header, link));
}

TEST_CASE("addresses have the scope that they are of") {
  const auto scope = [](std::uint8_t family, std::vector<std::uint8_t> bytes) {
    Message message(RTM_NEWADDR, sizeof(ifaddrmsg));
    message.family<ifaddrmsg>().ifa_family = family;
    message.family<ifaddrmsg>().ifa_prefixlen = 24;
    message.add(IFA_ADDRESS, bytes.data(), bytes.size());
    InterfaceAddress address;
    if (!parse_address(*message.header, address)) return std::string("none");
    return address.address + "/" + std::to_string(address.prefix) + " " +
           std::string(address.scope);
  };
  CHECK(scope(AF_INET, {127, 0, 0, 1}) == "127.0.0.1/24 link-local");
  CHECK(scope(AF_INET, {169, 254, 0, 1}) == "169.254.0.1/24 link-local");
  CHECK(scope(AF_INET, {192, 0, 2, 1}) == "192.0.2.1/24 global");
  CHECK(scope(AF_INET6, {0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}) ==
        "fe80::1/24 link-local");
  CHECK(scope(AF_INET6, {0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}) ==
        "2001:db8::1/24 global");
  CHECK(scope(AF_INET, {127, 0}) == "none");
  CHECK(scope(AF_PACKET, {127, 0, 0, 1}) == "none");
}

TEST_CASE("a route says its interface, and nothing when there is no way") {
  const auto interface = [](std::uint8_t type, std::size_t size) {
    Message message(RTM_NEWROUTE, sizeof(rtmsg));
    message.family<rtmsg>().rtm_family = AF_INET;
    message.family<rtmsg>().rtm_type = type;
    const std::array<char, 4> gateway{};
    const std::uint32_t index = 3;
    message.add(RTA_GATEWAY, gateway.data(), gateway.size()).add(RTA_OIF, &index, size);
    return parse_route(*message.header).value_or(-1);
  };
  CHECK(interface(RTN_UNICAST, 4) == 3);
  CHECK(interface(RTN_UNREACHABLE, 4) == -1);
  CHECK(interface(RTN_UNICAST, 2) == -1);
  CHECK_FALSE(parse_route(*Message(RTM_NEWADDR, sizeof(rtmsg)).header));
  Message cut(RTM_NEWROUTE, sizeof(rtmsg));
  cut.header->nlmsg_len -= 4;
  CHECK_FALSE(parse_route(*cut.header));
}

TEST_CASE("arp counts what the ARP table would list") {
  const auto index = [](std::uint8_t family, std::uint16_t state) {
    Message message(RTM_NEWNEIGH, sizeof(ndmsg));
    message.family<ndmsg>().ndm_family = family;
    message.family<ndmsg>().ndm_state = state;
    message.family<ndmsg>().ndm_ifindex = 4;
    return parse_neighbour(*message.header).value_or(-1);
  };
  CHECK(index(AF_INET, NUD_REACHABLE) == 4);
  CHECK(index(AF_INET, NUD_NOARP) == -1);
  CHECK(index(AF_INET6, NUD_REACHABLE) == -1);
}

TEST_CASE("netdev says the sums that /proc/net/dev has") {
  NetDevice row = device("eth0", 2, 10, 20);
  row.stats.rx_dropped = 1;
  row.stats.rx_missed_errors = 2;
  row.stats.rx_crc_errors = 4;
  row.stats.rx_frame_errors = 8;
  row.stats.tx_carrier_errors = 1;
  row.stats.tx_window_errors = 1;
  row.queue_length = 1000;
  const NetDevices sample = devices({row});
  const std::string text = page_text([&](Families& out) { write_net_devices(sample, out); });
  CHECK(has(text, "node_network_receive_bytes_total{device=\"eth0\"} 10"));
  CHECK(has(text, "node_network_receive_drop_total{device=\"eth0\"} 3"));
  CHECK(has(text, "node_network_receive_frame_total{device=\"eth0\"} 12"));
  CHECK(has(text, "node_network_transmit_carrier_total{device=\"eth0\"} 2"));
  CHECK(has(text, "node_network_transmit_queue_length{device=\"eth0\"} 1000"));
  CHECK(text.find("nohandler_total{") == std::string::npos);
}

TEST_CASE("netdev folds the rates of each interface") {
  NetFolds folds;
  folds.fold(devices({device("a", 1, 0, 0)}), devices({device("a", 1, 2'000'000, 10'000)}), 2);
  const std::string text = folds_text(folds);
  CHECK(has(text, "kernstat_network_receive_bytes_per_second_sum{device=\"a\"} 1000000"));
  CHECK(has(text, "kernstat_network_receive_bytes_per_second_count{device=\"a\"} 1"));
  CHECK(has(text,
            "kernstat_network_receive_bytes_per_second_bucket{device=\"a\",le=\"125000.0\"} 0"));
  CHECK(has(text, "kernstat_network_transmit_bytes_per_second_sum{device=\"a\"} 5000"));
}

TEST_CASE("netdev folds follow an interface to another place, and drop it when it goes") {
  NetFolds folds;
  const auto one = devices({device("a", 1, 0, 0), device("b", 2, 0, 0)});
  const auto two = devices({device("b", 2, 100, 0), device("c", 3, 1'000'000, 0)});
  folds.fold(one, two, 1);
  const std::string text = folds_text(folds);
  CHECK(text.find("device=\"a\"") == std::string::npos);
  CHECK(has(text, "kernstat_network_receive_bytes_per_second_sum{device=\"b\"} 100"));
  // What an interface counted before it was first seen is no rate.
  CHECK(has(text, "kernstat_network_receive_bytes_per_second_count{device=\"c\"} 0"));
}

TEST_CASE("an interface that comes anew under an old name makes no rate and begins anew") {
  NetFolds folds;
  folds.fold(devices({device("a", 1, 0, 0)}), devices({device("a", 1, 50, 0)}), 1);
  // Another interface with more on its count, then one that was reset.
  folds.fold(devices({device("a", 1, 50, 0)}), devices({device("a", 9, 5'000'000'000, 0)}), 1);
  CHECK(has(folds_text(folds), "kernstat_network_receive_bytes_per_second_count{device=\"a\"} 0"));
  folds.fold(devices({device("a", 9, 5'000'000'000, 0)}), devices({device("a", 9, 7, 0)}), 1);
  CHECK(has(folds_text(folds), "kernstat_network_receive_bytes_per_second_count{device=\"a\"} 0"));
}

TEST_CASE("netdev and netclass see the loopback interface") {
  const auto netdev = made_collector("netdev", Host{}, [](Options& options) {
    options.set("address_info", option(OptionType::kBool, "true"));
  });
  const auto netclass = made_collector("netclass", Host{});
  REQUIRE(tick(*netdev).empty());
  REQUIRE(tick(*netclass).empty());
  const std::string traffic = collector_text(*netdev);
  CHECK(traffic.find("\nnode_network_receive_bytes_total{device=\"lo\"} ") != std::string::npos);
  const std::string state = collector_text(*netclass);
  CHECK(has(state, "node_network_iface_id{device=\"lo\"} 1"));
  CHECK(has(state, "node_network_protocol_type{device=\"lo\"} 772"));
  CHECK(state.find("\nnode_network_info{address=\"00:00:00:00:00:00\",") != std::string::npos);
}

TEST_CASE("netdev reports the interfaces that its filter chooses") {
  const auto netdev = made_collector("netdev", Host{}, [](Options& options) {
    options.set("device_exclude", option(OptionType::kRegex, "^lo$"));
  });
  REQUIRE(tick(*netdev).empty());
  CHECK(collector_text(*netdev).find("device=\"lo\"") == std::string::npos);
}

}  // namespace kernstat
