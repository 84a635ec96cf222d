// SPDX-License-Identifier: Apache-2.0
#include "collectors/proc/interrupts.h"

#include "collectors/options.h"
#include "collectors/support/cpu_table_collector.h"
#include "collectors/support/text.h"

namespace kernstat {
namespace {

constexpr Metric kInterrupts{"node_interrupts_total", MetricType::kCounter,
                             "Interrupts serviced by CPU and source, from /proc/interrupts."};

// Runs of white space become one space.
void append_squeezed(std::string& out, std::string_view text) {
  const char* between = "";
  for (auto field = next_field(text); !field.empty(); field = next_field(text)) {
    out.append(between).append(field);
    between = " ";
  }
}

std::optional<Labels> describe(const CpuTable::Row& row, const Filter& filter) {
  const InterruptText parts = split_interrupt(row.name, row.text);
  std::string info;
  std::string devices;
  append_squeezed(info, parts.info);
  append_squeezed(devices, parts.devices);
  if (!filter.accepts(row.name + ";" + info + ";" + devices)) return std::nullopt;
  return Labels("type", row.name).add("info", info).add("devices", devices);
}

std::vector<OptionSpec> options() {
  std::vector<OptionSpec> list = Filter::options("name", "", "");
  list.push_back({"include_zeros", OptionType::kBool, "true",
                  "Report interrupts that a CPU never had, as 0."});
  return list;
}

// Off by default: hundreds of sources by hundreds of CPUs are more series than all else together.
const Registration kRegistration{
    {.name = "interrupts",
     .help = "Interrupts by CPU and source, from /proc/interrupts; a name is type;info;devices.",
     .interval = std::chrono::seconds(2),
     .enabled = false,
     .options = options(),
     .make = [](const Host& host, const Options& options) -> Result<std::unique_ptr<Collector>> {
       return std::make_unique<CpuTableCollector>(
           host.proc_path("interrupts"), kInterrupts, options.flag("include_zeros"),
           [filter = Filter::from(options, "name")](const CpuTable::Row& row) {
             return describe(row, filter);
           });
     }}};

}  // namespace

InterruptText split_interrupt(std::string_view name, std::string_view text) {
  if (!to_number<std::uint32_t>(name)) return {text, {}};
  const std::string_view info = next_field(text);
  return {info, trim(text)};
}

}  // namespace kernstat
