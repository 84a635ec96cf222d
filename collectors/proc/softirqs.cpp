// SPDX-License-Identifier: Apache-2.0
// Softirqs by CPU and vector from /proc/softirqs.
#include "collectors/collector.h"
#include "collectors/support/cpu_table.h"
#include "collectors/support/label_table.h"

namespace kernstat {
namespace {

constexpr Metric kSoftirqs{"node_softirqs_functions_total", MetricType::kCounter,
                           "Softirqs serviced by CPU and vector, from /proc/softirqs."};

class SoftirqsCollector final : public Sampled<CpuTable> {
 public:
  explicit SoftirqsCollector(std::string path) : file_(std::move(path)) {}

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
    out.family(kSoftirqs);
    if (types_.size() < table.size()) types_.resize(table.size());
    for (std::size_t i = 0; i < table.size(); ++i) {
      Type& type = types_[i];
      if (type.name != table[i].name) {
        type.name = table[i].name;
        type.labels = "," + Labels("type", type.name).text();
      }
      for (std::size_t column = 0; column < table.cpus().size(); ++column) {
        scratch_.assign(cpus_.cpu(table.cpus()[column])).append(type.labels);
        out.sample(scratch_, table[i].values[column]);
      }
    }
  }

  struct Type {
    std::string name;
    std::string labels;  // with the comma before them
  };
  KeptFile file_;
  WideTable wide_;
  mutable std::vector<Type> types_;
  mutable LabelTable cpus_;
  mutable std::string scratch_;
};

const Registration kRegistration{
    {.name = "softirqs",
     .help = "Softirqs by CPU and vector, from /proc/softirqs.",
     .interval = std::chrono::seconds(2),
     .enabled = false,
     .options = {},
     .make = [](const Host& host, const Options&) -> Result<std::unique_ptr<Collector>> {
       return std::make_unique<SoftirqsCollector>(host.proc_path("softirqs"));
     }}};

}  // namespace
}  // namespace kernstat
