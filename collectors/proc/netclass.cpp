// SPDX-License-Identifier: Apache-2.0
#include "collectors/proc/netclass.h"

#include <net/if.h>

#include <algorithm>

#include "collectors/collector.h"
#include "collectors/options.h"
#include "collectors/support/labels.h"
#include "collectors/support/text.h"

namespace kernstat {
namespace {

// Speed and duplex change only with the link, which the carrier's changes show; a virtual
// interface's can be set at any time.
constexpr std::int64_t kFactsEvery = 60'000'000'000;
// netdev dumps every second; without it this collector dumps for itself.
constexpr std::int64_t kMaxAge = 2'000'000'000;

class Netclass final : public Sampled<Rows<LinkState>> {
 public:
  Netclass(Host host, const Options& options)
      : host_(std::move(host)),
        source_(LinkSource::shared()),
        devices_(Filter::from(options, "device")) {}

 private:
  // What was read of sysfs, and when it has to be read again.
  struct Known {
    std::int32_t index = 0;
    std::string name;
    std::uint32_t carrier_changes = 0;
    bool up = false;
    std::int64_t read_ns = 0;
    bool wanted = false;
    LinkFacts facts;
  };

  Known& known_of(const Link& link, std::size_t hint) {
    const auto is_it = [&](const Known& each) { return each.index == link.index; };
    if (hint < known_.size() && is_it(known_[hint])) return known_[hint];
    const auto found = std::find_if(known_.begin(), known_.end(), is_it);
    if (found != known_.end()) return *found;
    Known& born = known_.emplace_back();
    born.index = link.index;
    return born;
  }

  void refresh(Known& known, const Link& link, std::int64_t now) {
    const bool up = (link.flags & IFF_UP) != 0;
    const std::uint32_t changes = link.carrier_changes.value_or(0);
    const bool renamed = known.name != link.name;
    if (renamed) known.wanted = devices_.accepts(link.name);
    if (!known.wanted && !renamed) return;
    if (!renamed && known.up == up && known.carrier_changes == changes &&
        now - known.read_ns < kFactsEvery) {
      return;
    }
    known.name = link.name;
    known.up = up;
    known.carrier_changes = changes;
    known.read_ns = now;
    if (known.wanted) known.facts = read_link_facts(host_, link.name);
  }

  Result<void> read_into(Rows<LinkState>& sample, const Tick& tick) override {
    const auto read = source_->read(tick.monotonic_ns, kMaxAge, links_);
    if (!read) return fail(read.error());
    sample.clear();
    for (std::size_t i = 0; i < links_.size(); ++i) {
      const Link& link = links_[i];
      Known& known = known_of(link, i);
      refresh(known, link, tick.monotonic_ns);
      if (!known.wanted) continue;
      LinkState& state = sample.add();
      const bool same = state.name == link.name && same_info(state, link, known);
      state.link = link;
      state.facts = known.facts;
      if (!same) make_link_labels(state);
    }
    if (known_.size() > links_.size()) forget_gone();
    return {};
  }

  // True when the texts that were made for the row's old link hold for the new one too.
  static bool same_info(const LinkState& state, const Link& link, const Known& known) {
    const Link& old = state.link;
    return old.address == link.address && old.broadcast == link.broadcast &&
           old.alias == link.alias && old.operstate == link.operstate &&
           (old.flags & IFF_UP) == (link.flags & IFF_UP) && old.other_names == link.other_names &&
           state.facts.duplex == known.facts.duplex;
  }

  void forget_gone() {
    std::erase_if(known_, [this](const Known& known) {
      return std::none_of(links_.begin(), links_.end(),
                          [&](const Link& link) { return link.index == known.index; });
    });
  }

  void write_sample(const Rows<LinkState>& sample, Families& out) const override {
    write_link_states(sample, out);
  }

  Host host_;
  std::shared_ptr<LinkSource> source_;
  Filter devices_;
  Rows<Link> links_;
  std::vector<Known> known_;
};

const Registration kRegistration{
    {.name = "netclass",
     .help = "State of network interfaces, from rtnetlink and /sys/class/net.",
     .interval = std::chrono::seconds(5),
     .lane = Lane::kSlow,  // a driver can take long to tell the speed
     .options = Filter::options("device", "", ""),
     .make = [](const Host& host, const Options& options) -> Result<std::unique_ptr<Collector>> {
       return std::make_unique<Netclass>(host, options);
     }}};

std::optional<std::int64_t> read_number(const std::string& path) {
  const auto text = read_file(path);
  if (!text) return std::nullopt;
  const std::string_view field = trim(*text);
  if (field.starts_with("0x")) return to_number<std::int64_t>(field.substr(2), 16);
  return to_number<std::int64_t>(field);
}

}  // namespace

LinkFacts read_link_facts(const Host& host, const std::string& device) {
  LinkFacts facts;
  // The kernel allows no '/' in a name.
  if (device.find('/') != std::string::npos) return facts;
  const std::string directory = host.sys_path("class/net/" + device + "/");
  facts.address_assign_type = read_number(directory + "addr_assign_type");
  facts.device_id = read_number(directory + "dev_id");
  facts.name_assign_type = read_number(directory + "name_assign_type");
  // -1: the driver does not know.
  const auto speed = read_number(directory + "speed");
  if (speed && *speed >= 0) facts.speed_mbit = static_cast<std::uint64_t>(*speed);
  const auto duplex = read_file(directory + "duplex");
  if (duplex) facts.duplex = trim(*duplex);
  return facts;
}

std::uint32_t sysfs_flags(const Link& link) {
  constexpr std::uint32_t kLowerUp = 1U << 16U;  // linux/if.h, which does not go with net/if.h
  constexpr std::uint32_t kDormant = 1U << 17U;
  std::uint32_t flags = link.flags & ~(std::uint32_t{IFF_RUNNING} | kLowerUp | kDormant);
  if (link.promiscuity > 0) flags |= IFF_PROMISC;
  return flags;
}

void make_link_labels(LinkState& state) {
  const Link& link = state.link;
  state.name = link.name;
  state.labels = Labels("device", link.name).text();
  Labels info("address", link.address.text());
  info.add("adminstate", (link.flags & IFF_UP) != 0 ? "up" : "down")
      .add("broadcast", link.broadcast.text())
      .add("device", link.name)
      .add("duplex", state.facts.duplex)
      .add("ifalias", link.alias)
      .add("operstate", operstate_name(link.operstate.value_or(0)));
  state.info_labels = info.text();
  state.other_names.clear();
  for (const std::string& name : link.other_names) {
    state.other_names.push_back(Labels("altname", name).add("device", link.name).text());
  }
}

}  // namespace kernstat
