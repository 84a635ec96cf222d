// SPDX-License-Identifier: Apache-2.0
#include "collectors/proc/netdev.h"

#include <sys/socket.h>

#include <algorithm>

#include "collectors/proc/default_route.h"
#include "collectors/support/labels.h"

namespace kernstat {
namespace {

// Interfaces of containers, virtual machines and their bridges carry what a real interface carries
// once more: their histograms would be many and say little. Most container networks give them names
// of their own (eni, gke, azv, a hash), so that the kind tells more than the name. But in a system
// container (LXC, kind) the real interface is such a one, too: the default route tells it.
constexpr const char* kFoldExclude =
    "^(lo|(veth|cali|cilium|lxc|tap|vnet|cni|flannel|docker|br-|virbr|dummy|ifb|kube-ipvs).*)$";
constexpr const char* kFoldKindExclude = "^(veth|netkit|dummy|ifb|openvswitch)$";
constexpr std::string_view kByName = "fold_device";
constexpr std::string_view kByKind = "fold_kind";
constexpr std::int64_t kAddressesEvery = 30'000'000'000;
constexpr std::int64_t kRoutesEvery = 30'000'000'000;

class Netdev final : public Sampled<NetDevices> {
 public:
  explicit Netdev(const Options& options)
      : source_(LinkSource::shared()),
        devices_(Filter::from(options, "device")),
        folded_(Filter::from(options, "fold_device")),
        folded_kinds_(Filter::from(options, "fold_kind")),
        with_addresses_(options.flag("address_info")) {}

 private:
  Result<void> read_into(NetDevices& sample, const Tick& tick) override {
    // The tick's own dump: rates are reckoned between the times of ticks.
    const auto read = source_->read(tick.monotonic_ns, 0, links_);
    if (!read) return fail(read.error());
    sample.rows.clear();
    for (const Link& link : links_) {
      if (!link.has_stats) continue;
      NetDevice& row = sample.rows.add();
      if (row.name != link.name || row.kind != link.kind) {
        row.name = link.name;
        row.kind = link.kind;
        row.labels = devices_.accepts(row.name) ? Labels("device", row.name).text() : "";
        row.may_fold = !row.labels.empty() && folded_.accepts(row.name);
        row.kind_folds = folded_kinds_.accepts(row.kind);
      }
      row.index = link.index;
      row.has_nohandler = link.has_nohandler;
      row.queue_length = link.queue_length;
      row.stats = link.stats;
    }
    choose_folded(sample.rows, tick.monotonic_ns);
    if (with_addresses_ &&
        (!addresses_ || tick.monotonic_ns - addresses_read_ns_ >= kAddressesEvery)) {
      auto addresses = read_link_addresses(socket_, links_, devices_);
      if (!addresses) return fail(addresses.error());
      addresses_ = std::move(*addresses);
      addresses_read_ns_ = tick.monotonic_ns;
    }
    sample.addresses = addresses_;
    return {};
  }
  void choose_folded(Rows<NetDevice>& rows, std::int64_t now_ns) {
    const auto left_out = [](const NetDevice& row) { return row.may_fold && !row.kind_folds; };
    if (std::any_of(rows.begin(), rows.end(), left_out) &&
        (!routes_read_ || now_ns - routes_read_ns_ >= kRoutesEvery)) {
      find_uplinks(rows);
      routes_read_ = true;
      routes_read_ns_ = now_ns;
    }
    for (NetDevice& row : rows) {
      row.folded = row.may_fold && (row.kind_folds || is_uplink(row.index));
    }
  }
  bool is_uplink(std::int32_t index) const {
    return std::find(uplinks_.begin(), uplinks_.end(), index) != uplinks_.end();
  }
  // One that lost the default route stays folded as long as it is there: its histograms go on.
  void find_uplinks(const Rows<NetDevice>& rows) {
    std::erase_if(uplinks_, [&](std::int32_t index) {
      return std::none_of(rows.begin(), rows.end(),
                          [&](const NetDevice& row) { return row.index == index; });
    });
    for (const auto family : {std::uint8_t{AF_INET}, std::uint8_t{AF_INET6}}) {
      const auto index = default_route_interface(socket_, family);
      if (index && !is_uplink(*index)) uplinks_.push_back(*index);
    }
  }
  void fold(const NetDevices& before, const NetDevices& now, double seconds) override {
    folds_.fold(before, now, seconds);
  }
  void write_sample(const NetDevices& sample, Families& out) const override {
    write_net_devices(sample, out);
  }
  void write_folds(Families& out) const override { folds_.write(out); }

  std::shared_ptr<LinkSource> source_;
  Filter devices_;
  Filter folded_;
  Filter folded_kinds_;
  bool with_addresses_;
  Rows<Link> links_;
  std::vector<std::int32_t> uplinks_;  // interfaces that have had the default route
  bool routes_read_ = false;
  std::int64_t routes_read_ns_ = 0;
  RouteSocket socket_;
  std::shared_ptr<const std::vector<std::string>> addresses_;
  std::int64_t addresses_read_ns_ = 0;
  NetFolds folds_;
};

std::vector<OptionSpec> netdev_options() {
  std::vector<OptionSpec> options = Filter::options("device", "", "");
  for (const auto& [key, exclude] :
       {std::pair{kByName, kFoldExclude}, std::pair{kByKind, kFoldKindExclude}}) {
    for (OptionSpec& option : Filter::options(std::string(key), "", exclude)) {
      if (key == kByKind) {
        option.help +=
            " An interface that has, or had, the default route is folded whatever its kind.";
      }
      options.push_back(std::move(option));
    }
  }
  options.push_back({"address_info", OptionType::kBool, "false",
                     "Report the addresses of interfaces (node_network_address_info)."});
  return options;
}

const Registration kRegistration{
    {.name = "netdev",
     .help = "Traffic, errors and drops of network interfaces, from rtnetlink.",
     .interval = std::chrono::seconds(1),
     .options = netdev_options(),
     .make = [](const Host&, const Options& options) -> Result<std::unique_ptr<Collector>> {
       return std::make_unique<Netdev>(options);
     }}};

using Stats = rtnl_link_stats64;

struct Counter {
  Metric metric;
  std::uint64_t (*value)(const Stats&);
};

constexpr Metric counter(std::string_view name, std::string_view help) {
  return {name, MetricType::kCounter, help};
}

// Sums as the kernel makes them for /proc/net/dev (net/core/net-procfs.c).
constexpr Counter kCounters[] = {
    {counter("node_network_receive_bytes_total", "Received bytes, from rtnl_link_stats64."),
     [](const Stats& s) -> std::uint64_t { return s.rx_bytes; }},
    {counter("node_network_receive_packets_total", "Received packets, from rtnl_link_stats64."),
     [](const Stats& s) -> std::uint64_t { return s.rx_packets; }},
    {counter("node_network_receive_errs_total",
             "Packets received with an error, from rtnl_link_stats64."),
     [](const Stats& s) -> std::uint64_t { return s.rx_errors; }},
    {counter("node_network_receive_drop_total",
             "Received packets that were dropped or missed for want of room, from "
             "rtnl_link_stats64 (rx_dropped and rx_missed_errors)."),
     [](const Stats& s) -> std::uint64_t { return s.rx_dropped + s.rx_missed_errors; }},
    {counter("node_network_receive_fifo_total",
             "Overruns of the receive queue, from rtnl_link_stats64."),
     [](const Stats& s) -> std::uint64_t { return s.rx_fifo_errors; }},
    {counter("node_network_receive_frame_total",
             "Received frames with a wrong length, check sum or alignment, or too many for the "
             "ring, from rtnl_link_stats64."),
     [](const Stats& s) -> std::uint64_t {
       return s.rx_length_errors + s.rx_over_errors + s.rx_crc_errors + s.rx_frame_errors;
     }},
    {counter("node_network_receive_compressed_total",
             "Received compressed packets, from rtnl_link_stats64."),
     [](const Stats& s) -> std::uint64_t { return s.rx_compressed; }},
    {counter("node_network_receive_multicast_total",
             "Received multicast packets, from rtnl_link_stats64."),
     [](const Stats& s) -> std::uint64_t { return s.multicast; }},
    {counter("node_network_transmit_bytes_total", "Sent bytes, from rtnl_link_stats64."),
     [](const Stats& s) -> std::uint64_t { return s.tx_bytes; }},
    {counter("node_network_transmit_packets_total", "Sent packets, from rtnl_link_stats64."),
     [](const Stats& s) -> std::uint64_t { return s.tx_packets; }},
    {counter("node_network_transmit_errs_total",
             "Packets that could not be sent for an error, from rtnl_link_stats64."),
     [](const Stats& s) -> std::uint64_t { return s.tx_errors; }},
    {counter("node_network_transmit_drop_total",
             "Packets dropped on the way out, from rtnl_link_stats64."),
     [](const Stats& s) -> std::uint64_t { return s.tx_dropped; }},
    {counter("node_network_transmit_fifo_total",
             "Errors of the transmit queue, from rtnl_link_stats64."),
     [](const Stats& s) -> std::uint64_t { return s.tx_fifo_errors; }},
    {counter("node_network_transmit_colls_total", "Collisions, from rtnl_link_stats64."),
     [](const Stats& s) -> std::uint64_t { return s.collisions; }},
    {counter("node_network_transmit_carrier_total",
             "Sending failed: carrier lost, aborted, heartbeat or late collision, from "
             "rtnl_link_stats64."),
     [](const Stats& s) -> std::uint64_t {
       return s.tx_carrier_errors + s.tx_aborted_errors + s.tx_window_errors +
              s.tx_heartbeat_errors;
     }},
    {counter("node_network_transmit_compressed_total",
             "Sent compressed packets, from rtnl_link_stats64."),
     [](const Stats& s) -> std::uint64_t { return s.tx_compressed; }},
};

constexpr Metric kNohandler{"node_network_receive_nohandler_total", MetricType::kCounter,
                            "Packets dropped because the interface was inactive, from "
                            "rtnl_link_stats64."};
constexpr Metric kQueueLength{"node_network_transmit_queue_length", MetricType::kGauge,
                              "Packets that the transmit queue may hold, from IFLA_TXQLEN."};
constexpr Metric kAddressInfo{"node_network_address_info", MetricType::kInfo,
                              "An address of an interface, from rtnetlink RTM_GETADDR."};

// In bytes, the rates that people know in bits: 100 kbit/s and 1, 10 Mbit/s of background traffic;
// then a tenth, a half and nine tenths of links of 1, 10, 25 and 100 Gbit/s ("in use", "busy",
// "full").
constexpr double kRateBounds[] = {12.5e3, 125e3,   1.25e6, 12.5e6, 62.5e6, 112.5e6, 312.5e6,
                                  625e6,  1.125e9, 1.5e9,  2.8e9,  6.25e9, 11.25e9};
// Native: 1 KiB/s to 16 GiB/s in steps of 19 %; a device has two of these.
constexpr FoldGrid kRateGrid{2, 10, 34, kRateBounds};

constexpr Metric kReceiveFold{
    "kernstat_network_receive_bytes_per_second", MetricType::kHistogram,
    "Received bytes per second, observed at every tick, from rtnl_link_stats64."};
constexpr Metric kTransmitFold{
    "kernstat_network_transmit_bytes_per_second", MetricType::kHistogram,
    "Sent bytes per second, observed at every tick, from rtnl_link_stats64."};

}  // namespace

void write_net_devices(const NetDevices& sample, Families& out) {
  for (const Counter& each : kCounters) {
    out.family(each.metric);
    for (const NetDevice& device : sample.rows) {
      if (!device.labels.empty()) out.sample(device.labels, each.value(device.stats));
    }
  }
  out.family(kNohandler);
  for (const NetDevice& device : sample.rows) {
    if (!device.labels.empty() && device.has_nohandler) {
      out.sample(device.labels, std::uint64_t{device.stats.rx_nohandler});
    }
  }
  out.family(kQueueLength);
  for (const NetDevice& device : sample.rows) {
    if (!device.labels.empty()) out.sample(device.labels, std::uint64_t{device.queue_length});
  }
  if (!sample.addresses) return;
  out.family(kAddressInfo);
  for (const std::string& labels : *sample.addresses) out.sample(labels, std::uint64_t{1});
}

NetFolds::Entry& NetFolds::entry_of(const NetDevice& device, std::size_t hint) {
  const auto is_it = [&](const Entry& entry) {
    return entry.index == device.index && entry.labels == device.labels;
  };
  if (hint < entries_.size() && is_it(entries_[hint])) return entries_[hint];
  const auto found = std::find_if(entries_.begin(), entries_.end(), is_it);
  if (found != entries_.end()) return *found;
  return entries_.emplace_back(
      Entry{device.index, device.labels, Fold(kRateGrid), Fold(kRateGrid), true});
}

void NetFolds::fold(const NetDevices& before, const NetDevices& now, double seconds) {
  for (Entry& entry : entries_) entry.present = false;
  std::size_t folded = 0;
  for (std::size_t i = 0; i < now.rows.size(); ++i) {
    const NetDevice& device = now.rows[i];
    if (!device.folded) continue;
    Entry& entry = entry_of(device, folded++);
    entry.present = true;
    const auto same = [&](const NetDevice& old) {
      return old.index == device.index && old.labels == device.labels;
    };
    const NetDevice* old = nullptr;
    if (i < before.rows.size() && same(before.rows[i])) {
      old = &before.rows[i];
    } else {
      const auto* const found = std::find_if(before.rows.begin(), before.rows.end(), same);
      if (found != before.rows.end()) old = found;
    }
    // A driver that was reset begins anew: no rate can be told over that step.
    if (old == nullptr || device.stats.rx_bytes < old->stats.rx_bytes ||
        device.stats.tx_bytes < old->stats.tx_bytes) {
      continue;
    }
    entry.receive.observe(static_cast<double>(device.stats.rx_bytes - old->stats.rx_bytes) /
                          seconds);
    entry.transmit.observe(static_cast<double>(device.stats.tx_bytes - old->stats.tx_bytes) /
                           seconds);
  }
  std::erase_if(entries_, [](const Entry& entry) { return !entry.present; });
}

void NetFolds::write(Families& out) const {
  out.family(kReceiveFold);
  for (const Entry& entry : entries_) out.histogram(entry.labels, entry.receive.view());
  out.family(kTransmitFold);
  for (const Entry& entry : entries_) out.histogram(entry.labels, entry.transmit.view());
}

}  // namespace kernstat
