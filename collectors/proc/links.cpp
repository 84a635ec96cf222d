// SPDX-License-Identifier: Apache-2.0
#include "collectors/proc/links.h"

#include <linux/rtnetlink.h>

#include <algorithm>
#include <cstddef>
#include <cstring>

namespace kernstat {
namespace {

// IFLA_STATS64 of the oldest kernels that are served ends before rx_nohandler.
constexpr std::size_t kStatsBeforeNohandler = offsetof(rtnl_link_stats64, rx_nohandler);

std::string_view text_of(const nlattr* attribute) {
  const auto* const text = static_cast<const char*>(::mnl_attr_get_payload(attribute));
  return {text, ::strnlen(text, ::mnl_attr_get_payload_len(attribute))};
}

template <typename T, typename Into>
void take_number(const nlattr* attribute, Into& into) {
  if (::mnl_attr_get_payload_len(attribute) < sizeof(T)) return;
  T value{};
  std::memcpy(&value, ::mnl_attr_get_payload(attribute), sizeof(T));
  into = value;
}

void take_address(const nlattr* attribute, LinkAddress& into) {
  const std::size_t size =
      std::min<std::size_t>(::mnl_attr_get_payload_len(attribute), into.bytes.size());
  into.bytes.fill(0);
  std::memcpy(into.bytes.data(), ::mnl_attr_get_payload(attribute), size);
  into.size = static_cast<std::uint8_t>(size);
}

void take_stats(const nlattr* attribute, Link& into) {
  const std::size_t size = ::mnl_attr_get_payload_len(attribute);
  if (size < kStatsBeforeNohandler) return;
  into.stats = {};
  std::memcpy(&into.stats, ::mnl_attr_get_payload(attribute), std::min(size, sizeof(into.stats)));
  into.has_stats = true;
  into.has_nohandler = size >= kStatsBeforeNohandler + sizeof(into.stats.rx_nohandler);
}

void take_other_names(const nlattr* list, Link& into) {
  // More than anybody gives; the rest is not taken.
  constexpr std::size_t kMostNames = 64;
  for_each_attribute(::mnl_attr_get_payload(list), ::mnl_attr_get_payload_len(list),
                     [&](const nlattr* attribute) {
                       if (::mnl_attr_get_type(attribute) != IFLA_ALT_IFNAME) return;
                       if (into.other_names.size() == kMostNames) return;
                       into.other_names.emplace_back(text_of(attribute));
                     });
}

void take_kind(const nlattr* info, Link& into) {
  for_each_attribute(::mnl_attr_get_payload(info), ::mnl_attr_get_payload_len(info),
                     [&](const nlattr* attribute) {
                       if (::mnl_attr_get_type(attribute) != IFLA_INFO_KIND) return;
                       into.kind = text_of(attribute);
                     });
}

void take_attribute(const nlattr* attribute, Link& into) {
  switch (::mnl_attr_get_type(attribute)) {
    case IFLA_IFNAME:
      into.name = text_of(attribute);
      return;
    case IFLA_IFALIAS:
      into.alias = text_of(attribute);
      return;
    case IFLA_LINKINFO:
      return take_kind(attribute, into);
    case IFLA_PROP_LIST:
      return take_other_names(attribute, into);
    case IFLA_ADDRESS:
      return take_address(attribute, into.address);
    case IFLA_BROADCAST:
      return take_address(attribute, into.broadcast);
    case IFLA_MTU:
      return take_number<std::uint32_t>(attribute, into.mtu);
    case IFLA_TXQLEN:
      return take_number<std::uint32_t>(attribute, into.queue_length);
    case IFLA_GROUP:
      return take_number<std::uint32_t>(attribute, into.group);
    case IFLA_PROMISCUITY:
      return take_number<std::uint32_t>(attribute, into.promiscuity);
    case IFLA_LINK:
      return take_number<std::int32_t>(attribute, into.peer);
    case IFLA_OPERSTATE:
      return take_number<std::uint8_t>(attribute, into.operstate);
    case IFLA_LINKMODE:
      return take_number<std::uint8_t>(attribute, into.mode);
    case IFLA_CARRIER:
      return take_number<std::uint8_t>(attribute, into.carrier);
    case IFLA_CARRIER_CHANGES:
      return take_number<std::uint32_t>(attribute, into.carrier_changes);
    case IFLA_CARRIER_UP_COUNT:
      return take_number<std::uint32_t>(attribute, into.carrier_up);
    case IFLA_CARRIER_DOWN_COUNT:
      return take_number<std::uint32_t>(attribute, into.carrier_down);
    case IFLA_STATS64:
      return take_stats(attribute, into);
    default:
      return;
  }
}

// Sets every member, keeping the strings' memory.
void forget(Link& link) {
  link.name.clear();
  link.alias.clear();
  link.kind.clear();
  link.other_names.clear();
  link.address = {};
  link.broadcast = {};
  link.mtu = link.queue_length = link.group = link.promiscuity = 0;
  link.peer.reset();
  link.operstate.reset();
  link.mode.reset();
  link.carrier.reset();
  link.carrier_changes.reset();
  link.carrier_up.reset();
  link.carrier_down.reset();
  link.has_stats = link.has_nohandler = false;
}

}  // namespace

std::string LinkAddress::text() const {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (std::size_t i = 0; i < size; ++i) {
    if (i != 0) text += ':';
    text += kDigits[bytes[i] >> 4U];
    text += kDigits[bytes[i] & 15U];
  }
  return text;
}

std::string_view operstate_name(std::uint8_t operstate) {
  constexpr std::string_view kNames[] = {"unknown", "notpresent", "down", "lowerlayerdown",
                                         "testing", "dormant",    "up"};
  return operstate < std::size(kNames) ? kNames[operstate] : kNames[0];
}

bool parse_link(const nlmsghdr& message, Link& into) {
  if (message.nlmsg_type != RTM_NEWLINK) return false;
  if (message.nlmsg_len < MNL_NLMSG_HDRLEN + sizeof(ifinfomsg)) return false;
  const auto* const header = static_cast<const ifinfomsg*>(::mnl_nlmsg_get_payload(&message));
  forget(into);
  into.index = header->ifi_index;
  into.type = header->ifi_type;
  into.flags = header->ifi_flags;
  for_each_attribute(message, sizeof(ifinfomsg),
                     [&](const nlattr* attribute) { take_attribute(attribute, into); });
  return into.index > 0 && !into.name.empty();
}

std::shared_ptr<LinkSource> LinkSource::shared() {
  static std::mutex mutex;
  static std::weak_ptr<LinkSource> last;
  const std::lock_guard lock(mutex);
  auto source = last.lock();
  if (!source) last = source = std::make_shared<LinkSource>();
  return source;
}

Result<void> LinkSource::read(std::int64_t now_ns, std::int64_t max_age_ns, Rows<Link>& into) {
  const std::lock_guard lock(mutex_);
  if (!has_dump_ || now_ns - dumped_ns_ > max_age_ns) {
    has_dump_ = false;
    const auto dumped = dump();
    if (!dumped) return fail(dumped.error());
    has_dump_ = true;
    dumped_ns_ = now_ns;
  }
  into.clear();
  for (const Link& link : links_) into.add() = link;
  return {};
}

Result<void> LinkSource::dump() {
  // Interfaces that come and go all the time can spoil a dump, but hardly so many in a row.
  constexpr int kTries = 5;
  for (int tries = 0; tries < kTries; ++tries) {
    links_.clear();
    RouteSocket::Request buffer{};
    nlmsghdr& request = begin_request(buffer, RTM_GETLINK, AF_UNSPEC, sizeof(ifinfomsg));
    // Leaves out IPv6's counters, which nobody reads and which are half of an answer.
    ::mnl_attr_put_u32(&request, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
    const auto consistent = socket_.dump(request, [this](const nlmsghdr& message) {
      if (!parse_link(message, links_.add())) links_.drop_last();
    });
    if (!consistent) return fail("interfaces", consistent.error());
    if (*consistent) return {};
  }
  return fail(ErrorKind::kSystem, "interfaces change faster than they can be listed");
}

}  // namespace kernstat
