// SPDX-License-Identifier: Apache-2.0
// Hung tasks that the kernel has found.
#include <cstdint>

#include "collectors/collector.h"
#include "collectors/support/single_number.h"

namespace kernstat {
namespace {

// kernel/hung_task.c, Linux 6.13 and later.
constexpr Metric kHungTasks{"node_kernel_hung_tasks_total", MetricType::kCounter,
                            "Hung tasks found since boot, from "
                            "/proc/sys/kernel/hung_task_detect_count."};

void write_hung(const std::uint64_t& count, Families& out) { out.single(kHungTasks, count); }

const Registration kRegistration{
    {.name = "kernel_hung",
     .help = "Hung tasks found, from /proc/sys/kernel/hung_task_detect_count.",
     .interval = std::chrono::seconds(5),
     .options = {},
     .make = [](const Host& host, const Options&) -> Result<std::unique_ptr<Collector>> {
       return std::make_unique<FileCollector<std::uint64_t>>(
           host.proc_path("sys/kernel/hung_task_detect_count"), parse_single_number<std::uint64_t>,
           write_hung);
     }}};

}  // namespace
}  // namespace kernstat
