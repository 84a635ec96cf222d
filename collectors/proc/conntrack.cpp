// SPDX-License-Identifier: Apache-2.0
#include "collectors/proc/conntrack.h"

#include <optional>

#include "collectors/collector.h"
#include "collectors/support/label_table.h"
#include "collectors/support/text.h"
#include "collectors/support/wide_counter.h"

namespace kernstat {
namespace {

constexpr Metric kEntries{"node_nf_conntrack_entries", MetricType::kGauge,
                          "Connections that are tracked now, from "
                          "/proc/sys/net/netfilter/nf_conntrack_count."};
constexpr Metric kLimit{"node_nf_conntrack_entries_limit", MetricType::kGauge,
                        "Most connections that can be tracked, from "
                        "/proc/sys/net/netfilter/nf_conntrack_max."};

struct Column {
  std::string_view heading;
  Metric metric;
};
// Counters that node_exporter has as gauges; in the order of ConntrackEvent.
constexpr Column kColumns[kConntrackEvents] = {
    {"found",
     {"node_nf_conntrack_stat_found", MetricType::kGauge,
      "Lookups that found a connection, from /proc/net/stat/nf_conntrack."}},
    {"invalid",
     {"node_nf_conntrack_stat_invalid", MetricType::kGauge,
      "Packets that could not be tracked, from /proc/net/stat/nf_conntrack."}},
    {"ignore",
     {"node_nf_conntrack_stat_ignore", MetricType::kGauge,
      "Packets of connections that were tracked already, from /proc/net/stat/nf_conntrack."}},
    {"insert",
     {"node_nf_conntrack_stat_insert", MetricType::kGauge,
      "Connections put into the table, from /proc/net/stat/nf_conntrack."}},
    {"insert_failed",
     {"node_nf_conntrack_stat_insert_failed", MetricType::kGauge,
      "Connections that could not be put into the table, from /proc/net/stat/nf_conntrack."}},
    {"drop",
     {"node_nf_conntrack_stat_drop", MetricType::kGauge,
      "Packets dropped because tracking failed, from /proc/net/stat/nf_conntrack."}},
    {"early_drop",
     {"node_nf_conntrack_stat_early_drop", MetricType::kGauge,
      "Connections given up to make room in a full table, from /proc/net/stat/nf_conntrack."}},
    {"search_restart",
     {"node_nf_conntrack_stat_search_restart", MetricType::kGauge,
      "Lookups begun anew because the table was resized, from /proc/net/stat/nf_conntrack."}},
};

struct Sample {
  std::uint64_t entries = 0;
  std::uint64_t limit = 0;
  std::array<std::optional<std::uint64_t>, kConntrackEvents> events;
};

class Conntrack final : public Sampled<Sample> {
 public:
  explicit Conntrack(const Host& host)
      : count_(host.proc_path("sys/net/netfilter/nf_conntrack_count")),
        max_(host.proc_path("sys/net/netfilter/nf_conntrack_max")),
        stat_(host.net_path("stat/nf_conntrack")) {}

 private:
  static Result<std::uint64_t> read_number(KeptFile& file) {
    const auto text = file.read();
    if (!text) return fail(text.error());
    const auto number = to_number<std::uint64_t>(trim(*text));
    if (!number) return fail(ErrorKind::kInvalid, file.path() + ": not a number");
    return *number;
  }

  Result<void> read_into(Sample& sample, const Tick&) override {
    const auto entries = read_number(count_);
    const auto limit = entries ? read_number(max_) : entries;
    if (!limit) {
      wide_.clear();  // the module went: its counts begin anew
      return fail(limit.error());
    }
    sample.entries = *entries;
    sample.limit = *limit;
    sample.events.fill(std::nullopt);
    const auto text = stat_.read();
    if (!text) {
      // Many kernels are built without this file.
      wide_.clear();
      if (text.error().kind == ErrorKind::kAbsent) return {};
      return fail(text.error());
    }
    const auto parsed = parse_conntrack_stat(*text, stat_now_);
    if (!parsed) return fail(stat_.path(), parsed.error());
    if (wide_.size() != stat_now_.cpus.size()) wide_.assign(stat_now_.cpus.size(), {});
    for (std::size_t event = 0; event < kConntrackEvents; ++event) {
      if (!stat_now_.present[event]) continue;
      std::uint64_t sum = 0;
      for (std::size_t cpu = 0; cpu < wide_.size(); ++cpu) {
        sum += wide_[cpu][event].follow(stat_now_.cpus[cpu][event]);
      }
      sample.events[event] = sum;
    }
    return {};
  }
  void write_sample(const Sample& sample, Families& out) const override {
    out.single(kEntries, sample.entries);
    out.single(kLimit, sample.limit);
    for (std::size_t event = 0; event < kConntrackEvents; ++event) {
      if (sample.events[event]) out.single(kColumns[event].metric, *sample.events[event]);
    }
  }

  KeptFile count_;
  KeptFile max_;
  KeptFile stat_;
  ConntrackStat stat_now_;
  std::vector<std::array<WideCounter, kConntrackEvents>> wide_;
};

const Registration kRegistration{
    {.name = "conntrack",
     .help = "Connection tracking, from /proc/sys/net/netfilter and /proc/net/stat/nf_conntrack.",
     .interval = std::chrono::seconds(2),
     .options = {},
     .make = [](const Host& host, const Options&) -> Result<std::unique_ptr<Collector>> {
       return std::make_unique<Conntrack>(host);
     }}};

// Which column each event has; absent ones stay empty. Returns how many columns there are.
std::size_t find_columns(std::string_view heading,
                         std::array<std::optional<std::size_t>, kConntrackEvents>& columns) {
  std::size_t count = 0;
  for (;; ++count) {
    const std::string_view name = next_field(heading);
    if (name.empty()) return count;
    for (std::size_t event = 0; event < kConntrackEvents; ++event) {
      if (name == kColumns[event].heading && !columns[event]) columns[event] = count;
    }
  }
}

}  // namespace

Result<void> parse_conntrack_stat(std::string_view text, ConntrackStat& into) {
  into.cpus.clear();
  into.present.fill(false);
  std::string_view line;
  if (!next_whole_line(text, line)) return fail(ErrorKind::kInvalid, "no heading");
  std::array<std::optional<std::size_t>, kConntrackEvents> columns;
  const std::size_t width = find_columns(line, columns);
  for (std::size_t event = 0; event < kConntrackEvents; ++event) {
    into.present[event] = columns[event].has_value();
  }
  if (!text.empty() && !text.ends_with('\n')) {
    return fail(ErrorKind::kInvalid, "cut in the middle of a line");
  }
  while (next_whole_line(text, line)) {
    if (into.cpus.size() == kMaxCpus) return fail(ErrorKind::kInvalid, "more lines than CPUs");
    ConntrackCounts& counts = into.cpus.emplace_back();
    for (std::size_t column = 0; column < width; ++column) {
      const auto number = next_number<std::uint32_t>(line, 16);
      if (!number) return fail(ErrorKind::kInvalid, "a line without its numbers");
      for (std::size_t event = 0; event < kConntrackEvents; ++event) {
        if (columns[event] == column) counts[event] = *number;
      }
    }
  }
  if (into.cpus.empty()) return fail(ErrorKind::kInvalid, "no line of a CPU");
  return {};
}

}  // namespace kernstat
