// SPDX-License-Identifier: Apache-2.0
#include "collectors/proc/cpu_info.h"

#include <algorithm>

#include "collectors/support/label_table.h"
#include "collectors/support/labels.h"
#include "collectors/support/text.h"

namespace kernstat {
namespace {

void split_words(std::string_view text, std::vector<std::string>& into) {
  for (auto word = next_field(text); !word.empty(); word = next_field(text)) {
    into.emplace_back(word);
  }
}

struct Member {
  std::string_view name;
  std::string CpuDescription::*member;
};
constexpr Member kMembers[] = {
    {"physical id", &CpuDescription::package},  {"core id", &CpuDescription::core},
    {"vendor_id", &CpuDescription::vendor},     {"cpu family", &CpuDescription::family},
    {"model", &CpuDescription::model},          {"model name", &CpuDescription::model_name},
    {"microcode", &CpuDescription::microcode},  {"stepping", &CpuDescription::stepping},
    {"cache size", &CpuDescription::cache_size}};

std::vector<std::string> chosen(const std::vector<std::string>& names, const re2::RE2* wanted,
                                const char* label) {
  std::vector<std::string> texts;
  if (wanted == nullptr) return texts;
  for (const std::string& name : names) {
    if (!re2::RE2::PartialMatch(name, *wanted)) continue;
    std::string text = Labels(label, name).text();
    if (std::find(texts.begin(), texts.end(), text) == texts.end()) {
      texts.push_back(std::move(text));
    }
  }
  return texts;
}

}  // namespace

Result<void> parse_cpuinfo(std::string_view text, CpuInfo& into) {
  into = {};
  std::string_view line;
  while (next_whole_line(text, line)) {
    const auto colon = line.find(':');
    if (colon == std::string_view::npos) continue;
    const std::string_view name = trim(line.substr(0, colon));
    const std::string_view value = trim(line.substr(colon + 1));
    if (name == "processor") {
      const auto number = to_number<std::size_t>(value);
      if (!number || *number >= kMaxCpus || into.cpus.size() == kMaxCpus) break;
      into.cpus.emplace_back().cpu = value;
    }
    if (into.cpus.empty()) continue;
    for (const Member& known : kMembers) {
      if (name == known.name) into.cpus.back().*known.member = value;
    }
    if (into.cpus.size() > 1) continue;
    if (name == "flags" && into.flags.empty()) split_words(value, into.flags);
    if (name == "bugs" && into.bugs.empty()) split_words(value, into.bugs);
  }
  if (into.cpus.empty()) return fail(ErrorKind::kInvalid, "no line 'processor : number'");
  return {};
}

CpuInfoLabels cpu_info_labels(const CpuInfo& info, const re2::RE2* flags, const re2::RE2* bugs) {
  CpuInfoLabels labels;
  for (const CpuDescription& cpu : info.cpus) {
    labels.cpus.push_back(Labels("package", cpu.package)
                              .add("core", cpu.core)
                              .add("cpu", cpu.cpu)
                              .add("vendor", cpu.vendor)
                              .add("family", cpu.family)
                              .add("model", cpu.model)
                              .add("model_name", cpu.model_name)
                              .add("microcode", cpu.microcode)
                              .add("stepping", cpu.stepping)
                              .add("cachesize", cpu.cache_size)
                              .text());
  }
  labels.flags = chosen(info.flags, flags, "flag");
  labels.bugs = chosen(info.bugs, bugs, "bug");
  return labels;
}

}  // namespace kernstat
