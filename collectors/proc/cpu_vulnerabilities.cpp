// SPDX-License-Identifier: Apache-2.0
#include "collectors/proc/cpu_vulnerabilities.h"

#include "collectors/collector.h"
#include "collectors/support/labels.h"
#include "collectors/support/small_file.h"

namespace kernstat {
namespace {

constexpr Metric kInfo{"node_cpu_vulnerabilities_info", MetricType::kGauge,
                       "State of each known vulnerability of the CPU, from "
                       "/sys/devices/system/cpu/vulnerabilities, always 1."};

using LabelTexts = std::vector<std::string>;

class VulnerabilitiesCollector final : public Sampled<LabelTexts> {
 public:
  explicit VulnerabilitiesCollector(std::string directory) : directory_(std::move(directory)) {}

 private:
  Result<void> read_into(LabelTexts& sample, const Tick&) override {
    auto names = list_directory(directory_);
    if (!names) return fail(names.error());
    sample.clear();
    for (const std::string& name : *names) {
      const auto text = reader_.read((directory_ + "/" + name).c_str());
      if (!text) continue;
      const Vulnerability found = parse_vulnerability(*text);
      sample.push_back(Labels("codename", name)
                           .add("state", found.state)
                           .add("mitigation", found.mitigation)
                           .text());
    }
    return {};
  }
  void write_sample(const LabelTexts& labels, Families& out) const override {
    out.family(kInfo);
    for (const std::string& text : labels) out.sample(text, std::uint64_t{1});
  }

  std::string directory_;
  SmallReader reader_;
};

const Registration kRegistration{
    {.name = "cpu_vulnerabilities",
     .help = "Vulnerabilities of the CPU and their mitigations, from "
             "/sys/devices/system/cpu/vulnerabilities.",
     .interval = std::chrono::seconds(60),
     .enabled = false,
     .lane = Lane::kSlow,
     .options = {},
     .make = [](const Host& host, const Options&) -> Result<std::unique_ptr<Collector>> {
       return std::make_unique<VulnerabilitiesCollector>(
           host.sys_path("devices/system/cpu/vulnerabilities"));
     }}};

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

}  // namespace

Vulnerability parse_vulnerability(std::string_view text) {
  text = trim(text);
  constexpr std::string_view kMitigation = "Mitigation: ";
  if (text.starts_with("Not affected")) return {"not affected", {}};
  if (text.starts_with("Vulnerable")) return {"vulnerable", {}};
  // Some say which part it is: "KVM: Mitigation: Split huge pages".
  const auto place = text.find(kMitigation);
  if (place != std::string_view::npos) {
    return {"mitigation", lower(text.substr(place + kMitigation.size()))};
  }
  if (text.find("Vulnerable") != std::string_view::npos) return {"vulnerable", {}};
  return {"unknown", {}};
}

}  // namespace kernstat
