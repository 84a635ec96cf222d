// SPDX-License-Identifier: Apache-2.0
#include "collectors/proc/loadavg.h"

#include <cmath>
#include <string>

#include "collectors/collector.h"
#include "collectors/support/text.h"

namespace kernstat {
namespace {

constexpr Metric kLoad1{"node_load1", MetricType::kGauge,
                        "Load average over 1 minute, from /proc/loadavg."};
constexpr Metric kLoad5{"node_load5", MetricType::kGauge,
                        "Load average over 5 minutes, from /proc/loadavg."};
constexpr Metric kLoad15{"node_load15", MetricType::kGauge,
                         "Load average over 15 minutes, from /proc/loadavg."};

void write_loadavg(const LoadAverage& load, Families& out) {
  out.single(kLoad1, load.load1);
  out.single(kLoad5, load.load5);
  out.single(kLoad15, load.load15);
}

const Registration kRegistration{
    {.name = "loadavg",
     .help = "Load averages, from /proc/loadavg.",
     .interval = std::chrono::seconds(1),
     .options = {},
     .make = [](const Host& host, const Options&) -> Result<std::unique_ptr<Collector>> {
       return std::make_unique<FileCollector<LoadAverage>>(host.proc_path("loadavg"), parse_loadavg,
                                                           write_loadavg);
     }}};

}  // namespace

Result<void> parse_loadavg(std::string_view text, LoadAverage& into) {
  if (!text.ends_with('\n')) return fail(ErrorKind::kInvalid, "cut in the middle of the line");
  std::string_view line = next_line(text);
  for (double* const value : {&into.load1, &into.load5, &into.load15}) {
    const std::string_view field = next_field(line);
    const auto number = to_number<double>(field);
    if (!number || !(*number >= 0) || std::isinf(*number)) {
      return fail(ErrorKind::kInvalid, "'" + std::string(field) + "' is not a load average");
    }
    *value = *number;
  }
  return {};
}

}  // namespace kernstat
