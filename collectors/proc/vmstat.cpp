// SPDX-License-Identifier: Apache-2.0
#include "collectors/proc/vmstat.h"

#include "collectors/collector.h"
#include "collectors/options.h"
#include "collectors/support/derived_metrics.h"
#include "collectors/support/text.h"

namespace kernstat {
namespace {

class VmstatCollector final : public Sampled<KeyedValues> {
 public:
  VmstatCollector(std::string path, std::shared_ptr<const re2::RE2> fields)
      : file_(std::move(path)), fields_(std::move(fields)) {}

 private:
  Result<void> read_into(KeyedValues& sample, const Tick&) override {
    auto text = file_.read();
    if (!text) return fail(text.error());
    auto parsed = parse_vmstat(*text, sample);
    if (!parsed) return fail(file_.path(), parsed.error());
    return {};
  }
  void write_sample(const KeyedValues& values, Families& out) const override {
    // Which fields are wanted is asked once per key, not per scrape.
    if (wanted_.size() < values.size()) wanted_.resize(values.size());
    for (std::size_t i = 0; i < values.size(); ++i) {
      Wanted& wanted = wanted_[i];
      if (wanted.key != values[i].key) {
        wanted.key = values[i].key;
        wanted.yes = !fields_ || re2::RE2::PartialMatch(wanted.key, *fields_);
      }
      if (wanted.yes) out.single(metrics_.get(i, wanted.key), values[i].value);
    }
  }

  struct Wanted {
    std::string key;
    bool yes = false;
  };
  KeptFile file_;
  std::shared_ptr<const re2::RE2> fields_;
  mutable std::vector<Wanted> wanted_;
  // The file holds gauges and counters without saying which: the type is unknown.
  mutable DerivedMetrics metrics_{"node_vmstat_", MetricType::kUnknown, "/proc/vmstat"};
};

const Registration kRegistration{
    {.name = "vmstat",
     .help = "Paging, swapping, faults and OOM kills, from /proc/vmstat.",
     .interval = std::chrono::seconds(1),
     .options = {{"fields", OptionType::kRegex, "^(oom_kill|pgpg|pswp|pg.*fault).*",
                  "Fields of /proc/vmstat that are reported; empty: all."}},
     .make = [](const Host& host, const Options& options) -> Result<std::unique_ptr<Collector>> {
       return std::make_unique<VmstatCollector>(host.proc_path("vmstat"), options.regex("fields"));
     }}};

}  // namespace

Result<void> parse_vmstat(std::string_view text, KeyedValues& into) {
  into.clear();
  std::string_view line;
  while (next_whole_line(text, line)) {
    const std::string_view key = next_field(line);
    const auto value = next_number<std::uint64_t>(line);
    constexpr std::size_t kMaxKey = 64;
    if (!value || key.size() > kMaxKey || !is_metric_word(key)) continue;
    into.add(key, *value);
  }
  if (into.size() == 0) return fail(ErrorKind::kInvalid, "no line 'key number'");
  return {};
}

}  // namespace kernstat
