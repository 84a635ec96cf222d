// SPDX-License-Identifier: Apache-2.0
#include "collectors/proc/meminfo.h"

#include <limits>
#include <string>

#include "collectors/collector.h"
#include "collectors/fold.h"
#include "collectors/support/derived_metrics.h"
#include "collectors/support/text.h"

namespace kernstat {
namespace {

constexpr Metric kFoldAvailable{
    "kernstat_memory_available_ratio", MetricType::kHistogram,
    "MemAvailable by MemTotal at each tick, from /proc/meminfo: memory left without swapping."};

// The question is "how close to empty did it come": fine steps at the low end (at 5 % reclaim
// works hard, at 1 % the OOM killer is near), coarse ones where all is well.
constexpr double kAvailableBounds[] = {0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5, 0.75, 1};
constexpr FoldGrid kAvailableGrid{5, -10, 0, kAvailableBounds};

class MeminfoCollector final : public Sampled<MemoryInfo> {
 public:
  explicit MeminfoCollector(std::string path) : file_(std::move(path)) {}

 private:
  Result<void> read_into(MemoryInfo& sample, const Tick&) override {
    auto text = file_.read();
    if (!text) return fail(text.error());
    auto parsed = parse_meminfo(*text, sample);
    if (!parsed) return fail(file_.path(), parsed.error());
    return {};
  }
  void fold(const MemoryInfo&, const MemoryInfo& now, double) override {
    if (!now.total || !now.available || *now.total == 0) return;
    available_.observe(static_cast<double>(*now.available) / static_cast<double>(*now.total));
  }
  void write_sample(const MemoryInfo& info, Families& out) const override {
    for (std::size_t i = 0; i < info.fields.size(); ++i) {
      out.single(metrics_.get(i, info.fields[i].key), info.fields[i].value);
    }
  }
  void write_folds(Families& out) const override {
    out.family(kFoldAvailable);
    out.histogram({}, available_.view());
  }

  KeptFile file_;
  Fold available_{kAvailableGrid};
  mutable DerivedMetrics metrics_{"node_memory_", MetricType::kGauge, "/proc/meminfo"};
};

const Registration kRegistration{
    {.name = "meminfo",
     .help = "Memory by use, every field of /proc/meminfo.",
     .interval = std::chrono::seconds(1),
     .options = {},
     .make = [](const Host& host, const Options&) -> Result<std::unique_ptr<Collector>> {
       return std::make_unique<MeminfoCollector>(host.proc_path("meminfo"));
     }}};

// A field's name in a metric: "Active(anon)" is "Active_anon". Empty when it is no name, or longer
// than the buffer. The result lies in `buffer`.
constexpr std::size_t kMaxName = 64;
std::string_view metric_name(std::string_view field, bool bytes, char (&buffer)[kMaxName]) {
  constexpr std::string_view kSuffix = "_bytes";
  if (field.size() + kSuffix.size() > kMaxName) return {};
  std::size_t used = 0;
  for (const char c : field) {
    if (c == ')') continue;
    buffer[used++] = c == '(' ? '_' : c;
  }
  if (!is_metric_word({buffer, used})) return {};
  if (bytes) used += kSuffix.copy(buffer + used, kSuffix.size());
  return {buffer, used};
}

}  // namespace

Result<void> parse_meminfo(std::string_view text, MemoryInfo& into) {
  into.fields.clear();
  into.total.reset();
  into.available.reset();
  std::string_view line;
  while (next_whole_line(text, line)) {
    const auto colon = line.find(':');
    if (colon == std::string_view::npos) continue;
    const std::string_view field = line.substr(0, colon);
    line.remove_prefix(colon + 1);
    auto value = next_number<std::uint64_t>(line);
    if (!value) continue;
    const std::string_view unit = next_field(line);
    const bool bytes = unit == "kB";
    if (!bytes && !unit.empty()) continue;
    if (bytes) {
      if (*value > std::numeric_limits<std::uint64_t>::max() / 1024) continue;
      *value *= 1024;
    }
    char buffer[kMaxName];
    const std::string_view name = metric_name(field, bytes, buffer);
    if (name.empty() || !into.fields.add(name, *value)) continue;
    if (name == "MemTotal_bytes") into.total = value;
    if (name == "MemAvailable_bytes") into.available = value;
  }
  if (into.fields.size() == 0) return fail(ErrorKind::kInvalid, "no field 'name: number kB'");
  return {};
}

}  // namespace kernstat
