// SPDX-License-Identifier: Apache-2.0
#include "collectors/proc/zoneinfo.h"

#include "collectors/collector.h"
#include "collectors/proc/buddyinfo.h"
#include "collectors/support/labels.h"
#include "collectors/support/text.h"

namespace kernstat {
namespace {

constexpr std::string_view kProtectionHelp =
    "Pages held back from requests that could use the nth zone above, from protection of "
    "/proc/zoneinfo.";
constexpr Metric kProtection[ZonePages::kMaxProtection] = {
    {"node_zoneinfo_protection_0", MetricType::kGauge, kProtectionHelp},
    {"node_zoneinfo_protection_1", MetricType::kGauge, kProtectionHelp},
    {"node_zoneinfo_protection_2", MetricType::kGauge, kProtectionHelp},
    {"node_zoneinfo_protection_3", MetricType::kGauge, kProtectionHelp},
    {"node_zoneinfo_protection_4", MetricType::kGauge, kProtectionHelp},
    {"node_zoneinfo_protection_5", MetricType::kGauge, kProtectionHelp},
    {"node_zoneinfo_protection_6", MetricType::kGauge, kProtectionHelp},
    {"node_zoneinfo_protection_7", MetricType::kGauge, kProtectionHelp},
};

constexpr std::size_t kMaxZones = 8192;

void write_zoneinfo(const ZoneInfo& info, Families& out) {
  std::vector<std::string> labels;
  labels.reserve(info.used);
  for (std::size_t i = 0; i < info.used; ++i) {
    const ZonePages& zone = info.zones[i];
    labels.push_back(Labels("node", std::to_string(zone.node)).add("zone", zone.zone).text());
  }
  for (std::size_t field = 0; field < kZoneFields; ++field) {
    bool begun = false;
    for (std::size_t i = 0; i < info.used; ++i) {
      const auto& value = info.zones[i].fields[field];
      if (!value) continue;
      if (!begun) out.family(kZoneFieldList[field].metric);
      begun = true;
      out.sample(labels[i], *value);
    }
  }
  for (std::size_t place = 0; place < ZonePages::kMaxProtection; ++place) {
    bool begun = false;
    for (std::size_t i = 0; i < info.used; ++i) {
      if (place >= info.zones[i].protections) continue;
      if (!begun) out.family(kProtection[place]);
      begun = true;
      out.sample(labels[i], info.zones[i].protection[place]);
    }
  }
}

const Registration kRegistration{
    {.name = "zoneinfo",
     .help = "Pages of each memory zone by use, from /proc/zoneinfo.",
     .interval = std::chrono::seconds(15),
     .enabled = false,
     .options = {},
     .make = [](const Host& host, const Options&) -> Result<std::unique_ptr<Collector>> {
       return std::make_unique<FileCollector<ZoneInfo>>(host.proc_path("zoneinfo"), parse_zoneinfo,
                                                        write_zoneinfo);
     }}};

// " (0, 3019, 4427)" without its parentheses, whole or not at all.
void parse_protection(std::string_view line, ZonePages& zone) {
  line = trim(line);
  if (!line.starts_with('(') || !line.ends_with(')')) return;
  line = line.substr(1, line.size() - 2);
  std::size_t count = 0;
  while (!line.empty() && count < ZonePages::kMaxProtection) {
    const auto comma = line.find(',');
    const auto value = to_number<std::uint64_t>(trim(line.substr(0, comma)));
    if (!value) return;
    zone.protection[count++] = *value;
    line.remove_prefix(comma == std::string_view::npos ? line.size() : comma + 1);
  }
  zone.protections = count;
}

void parse_field(std::string_view line, ZonePages& zone) {
  std::string_view key = next_field(line);
  // "pages free N" is what nr_free_pages says too.
  if (key == "protection:") return parse_protection(line, zone);
  for (std::size_t i = 0; i < kZoneFields; ++i) {
    if (kZoneFieldList[i].key != key) continue;
    zone.fields[i] = next_number<std::uint64_t>(line);
    return;
  }
}

}  // namespace

Result<void> parse_zoneinfo(std::string_view text, ZoneInfo& into) {
  into.used = 0;
  ZonePages* zone = nullptr;
  std::string_view line;
  while (next_whole_line(text, line)) {
    if (!line.starts_with("Node ")) {
      if (zone != nullptr) parse_field(line, *zone);
      continue;
    }
    zone = nullptr;
    std::uint32_t node = 0;
    std::string_view name;
    if (into.used == kMaxZones || !parse_zone_title(line, node, name)) continue;
    bool twice = false;
    for (std::size_t i = 0; i < into.used; ++i) {
      twice = twice || (into.zones[i].node == node && into.zones[i].zone == name);
    }
    if (twice) continue;
    if (into.used == into.zones.size()) into.zones.emplace_back();
    zone = &into.zones[into.used++];
    zone->node = node;
    zone->zone = name;
    zone->fields.fill(std::nullopt);
    zone->protections = 0;
  }
  if (into.used == 0) return fail(ErrorKind::kInvalid, "no line 'Node 0, zone …'");
  return {};
}

}  // namespace kernstat
