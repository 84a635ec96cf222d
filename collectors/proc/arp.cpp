// SPDX-License-Identifier: Apache-2.0
#include "collectors/proc/arp.h"

#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <net/if.h>

#include <algorithm>
#include <string>
#include <vector>

#include "collectors/collector.h"
#include "collectors/options.h"
#include "collectors/support/labels.h"
#include "collectors/support/netlink.h"
#include "collectors/support/rows.h"

namespace kernstat {
namespace {

constexpr Metric kEntries{"node_arp_entries", MetricType::kGauge,
                          "Entries of the ARP table by interface, from rtnetlink RTM_GETNEIGH."};

struct ArpDevice {
  std::string name;
  std::string labels;  // empty: not wanted
  std::uint64_t entries = 0;
};

class Arp final : public Sampled<Rows<ArpDevice>> {
 public:
  explicit Arp(const Options& options) : devices_(Filter::from(options, "device")) {}

 private:
  struct Count {
    std::int32_t index;
    std::uint64_t entries;
  };

  void count(std::int32_t index) {
    const auto found = std::find_if(counts_.begin(), counts_.end(),
                                    [&](const Count& each) { return each.index == index; });
    if (found == counts_.end()) {
      counts_.push_back({index, 1});
    } else {
      ++found->entries;
    }
  }

  Result<void> dump() {
    constexpr int kTries = 5;
    Result<bool> consistent = false;
    for (int tries = 0; tries < kTries && consistent && !*consistent; ++tries) {
      counts_.clear();
      RouteSocket::Request buffer{};
      nlmsghdr& request = begin_request(buffer, RTM_GETNEIGH, AF_INET, sizeof(ndmsg));
      consistent = socket_.dump(request, [this](const nlmsghdr& message) {
        if (const auto index = parse_neighbour(message)) count(*index);
      });
    }
    if (!consistent) return fail("neighbours", consistent.error());
    // Neighbours may change all the time; a count that is off by one is as true as the next.
    return {};
  }

  Result<void> read_into(Rows<ArpDevice>& sample, const Tick&) override {
    const auto dumped = dump();
    if (!dumped) return fail(dumped.error());
    sample.clear();
    for (const Count& each : counts_) {
      char name[IF_NAMESIZE] = {};
      // Gone meanwhile: its entries went with it.
      if (::if_indextoname(static_cast<unsigned>(each.index), name) == nullptr) continue;
      ArpDevice& row = sample.add();
      row.entries = each.entries;
      if (row.name == name) continue;
      row.name = name;
      row.labels = devices_.accepts(row.name) ? Labels("device", row.name).text() : "";
    }
    return {};
  }
  void write_sample(const Rows<ArpDevice>& sample, Families& out) const override {
    out.family(kEntries);
    for (const ArpDevice& device : sample) {
      if (!device.labels.empty()) out.sample(device.labels, device.entries);
    }
  }

  Filter devices_;
  RouteSocket socket_;
  std::vector<Count> counts_;
};

const Registration kRegistration{
    {.name = "arp",
     .help = "Entries of the ARP table by interface, from rtnetlink.",
     .interval = std::chrono::seconds(5),
     .lane = Lane::kSlow,  // a table can have a hundred thousand entries
     .options = Filter::options("device", "", ""),
     .make = [](const Host&, const Options& options) -> Result<std::unique_ptr<Collector>> {
       return std::make_unique<Arp>(options);
     }}};

}  // namespace

std::optional<std::int32_t> parse_neighbour(const nlmsghdr& message) {
  if (message.nlmsg_type != RTM_NEWNEIGH) return std::nullopt;
  if (message.nlmsg_len < MNL_NLMSG_HDRLEN + sizeof(ndmsg)) return std::nullopt;
  const auto* const header = static_cast<const ndmsg*>(::mnl_nlmsg_get_payload(&message));
  if (header->ndm_family != AF_INET || (header->ndm_state & NUD_NOARP) != 0) return std::nullopt;
  return header->ndm_ifindex;
}

}  // namespace kernstat
