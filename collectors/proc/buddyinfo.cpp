// SPDX-License-Identifier: Apache-2.0
#include "collectors/proc/buddyinfo.h"

#include "collectors/collector.h"
#include "collectors/support/labels.h"
#include "collectors/support/text.h"

namespace kernstat {
namespace {

constexpr Metric kBlocks{"node_buddyinfo_blocks", MetricType::kGauge,
                         "Free blocks of 2^size pages by node and zone, from /proc/buddyinfo."};

// More zones than nodes times zones of any host; more sizes than the kernel has orders.
constexpr std::size_t kMaxZones = 8192;
constexpr std::size_t kMaxSizes = 64;

void write_buddyinfo(const BuddyInfo& info, Families& out) {
  out.family(kBlocks);
  for (std::size_t i = 0; i < info.used; ++i) {
    const ZoneBlocks& zone = info.zones[i];
    for (std::size_t size = 0; size < zone.blocks.size(); ++size) {
      const Labels labels = Labels("node", std::to_string(zone.node))
                                .add("size", std::to_string(size))
                                .add("zone", zone.zone);
      out.sample(labels.text(), zone.blocks[size]);
    }
  }
}

const Registration kRegistration{
    {.name = "buddyinfo",
     .help = "Free blocks of memory by size, node and zone, from /proc/buddyinfo.",
     .interval = std::chrono::seconds(15),
     .enabled = false,
     .options = {},
     .make = [](const Host& host, const Options&) -> Result<std::unique_ptr<Collector>> {
       return std::make_unique<FileCollector<BuddyInfo>>(host.proc_path("buddyinfo"),
                                                         parse_buddyinfo, write_buddyinfo);
     }}};

}  // namespace

bool parse_zone_title(std::string_view& line, std::uint32_t& node, std::string_view& zone) {
  if (next_field(line) != "Node") return false;
  std::string_view number = next_field(line);
  if (!number.ends_with(',')) return false;
  number.remove_suffix(1);
  const auto value = to_number<std::uint32_t>(number);
  if (!value || next_field(line) != "zone") return false;
  node = *value;
  zone = next_field(line);
  constexpr std::size_t kMaxName = 64;
  return !zone.empty() && zone.size() <= kMaxName;
}

Result<void> parse_buddyinfo(std::string_view text, BuddyInfo& into) {
  into.used = 0;
  std::string_view line;
  while (into.used < kMaxZones && next_whole_line(text, line)) {
    std::uint32_t node = 0;
    std::string_view name;
    if (!parse_zone_title(line, node, name)) continue;
    if (into.used == into.zones.size()) into.zones.emplace_back();
    ZoneBlocks& zone = into.zones[into.used];
    zone.node = node;
    zone.zone = name;
    zone.blocks.clear();
    bool whole = true;
    for (auto field = next_field(line); !field.empty() && whole; field = next_field(line)) {
      const auto blocks = to_number<std::uint64_t>(field);
      whole = blocks.has_value() && zone.blocks.size() < kMaxSizes;
      if (whole) zone.blocks.push_back(*blocks);
    }
    bool twice = false;
    for (std::size_t i = 0; i < into.used; ++i) {
      twice = twice || (into.zones[i].node == node && into.zones[i].zone == name);
    }
    if (whole && !twice && !zone.blocks.empty()) ++into.used;
  }
  if (into.used == 0) return fail(ErrorKind::kInvalid, "no line 'Node 0, zone …'");
  return {};
}

}  // namespace kernstat
