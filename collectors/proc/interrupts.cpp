// SPDX-License-Identifier: Apache-2.0
#include "collectors/proc/interrupts.h"

#include "collectors/collector.h"
#include "collectors/options.h"
#include "collectors/support/cpu_table.h"
#include "collectors/support/label_table.h"
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

class InterruptsCollector final : public Sampled<CpuTable> {
 public:
  InterruptsCollector(std::string path, Filter filter, bool zeros)
      : file_(std::move(path)), filter_(std::move(filter)), zeros_(zeros) {}

 private:
  Result<void> read_into(CpuTable& sample, const Tick&) override {
    auto text = file_.read();
    if (!text) return fail(text.error());
    auto parsed = parse_cpu_table(*text, sample);
    if (!parsed) return fail(file_.path(), parsed.error());
    wide_.apply(sample);
    return {};
  }
  void write_sample(const CpuTable& table, Families& out) const override {
    out.family(kInterrupts);
    if (rows_.size() < table.size()) rows_.resize(table.size());
    for (std::size_t i = 0; i < table.size(); ++i) {
      const RowLabels& row = labels_of(i, table[i]);
      if (!row.wanted) continue;
      for (std::size_t column = 0; column < table.cpus().size(); ++column) {
        const std::uint64_t value = table[i].values[column];
        if (value == 0 && !zeros_) continue;
        // Joined anew: a text for each of 256 CPUs by hundreds of rows would be megabytes.
        scratch_.assign(cpus_.cpu(table.cpus()[column])).append(row.labels);
        out.sample(scratch_, value);
      }
    }
  }

  struct RowLabels {
    std::string name;
    std::string text;
    std::string labels;  // all but cpu, with the comma before them
    bool wanted = false;
  };
  const RowLabels& labels_of(std::size_t place, const CpuTable::Row& row) const {
    RowLabels& labels = rows_[place];
    if (!labels.labels.empty() && labels.name == row.name && labels.text == row.text) return labels;
    labels.name = row.name;
    labels.text = row.text;
    const InterruptText parts = split_interrupt(row.name, row.text);
    std::string info;
    std::string devices;
    append_squeezed(info, parts.info);
    append_squeezed(devices, parts.devices);
    labels.wanted = filter_.accepts(row.name + ";" + info + ";" + devices);
    labels.labels = "," + Labels("type", row.name).add("info", info).add("devices", devices).text();
    return labels;
  }

  KeptFile file_;
  Filter filter_;
  bool zeros_;
  WideTable wide_;
  mutable std::vector<RowLabels> rows_;
  mutable LabelTable cpus_;
  mutable std::string scratch_;
};

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
       return std::make_unique<InterruptsCollector>(host.proc_path("interrupts"),
                                                    Filter::from(options, "name"),
                                                    options.flag("include_zeros"));
     }}};

}  // namespace

InterruptText split_interrupt(std::string_view name, std::string_view text) {
  if (!to_number<std::uint32_t>(name)) return {text, {}};
  const std::string_view info = next_field(text);
  return {info, trim(text)};
}

}  // namespace kernstat
