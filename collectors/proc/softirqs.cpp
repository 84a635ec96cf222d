// SPDX-License-Identifier: Apache-2.0
// Softirqs by CPU and vector from /proc/softirqs.
#include "collectors/support/cpu_table_collector.h"

namespace kernstat {
namespace {

constexpr Metric kSoftirqs{"node_softirqs_functions_total", MetricType::kCounter,
                           "Softirqs serviced by CPU and vector, from /proc/softirqs."};

const Registration kRegistration{
    {.name = "softirqs",
     .help = "Softirqs by CPU and vector, from /proc/softirqs.",
     .interval = std::chrono::seconds(2),
     .enabled = false,
     .options = {},
     .make = [](const Host& host, const Options&) -> Result<std::unique_ptr<Collector>> {
       return std::make_unique<CpuTableCollector>(
           host.proc_path("softirqs"), kSoftirqs, true,
           [](const CpuTable::Row& row) { return std::optional(Labels("type", row.name)); });
     }}};

}  // namespace
}  // namespace kernstat
