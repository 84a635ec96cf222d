// SPDX-License-Identifier: Apache-2.0
#include "collectors/proc/swaps.h"

#include <algorithm>
#include <limits>

#include "collectors/collector.h"
#include "collectors/support/labels.h"
#include "collectors/support/text.h"

namespace kernstat {
namespace {

constexpr Metric kSize{"node_swap_size_bytes", MetricType::kGauge,
                       "Size of the swap device or file, from /proc/swaps."};
constexpr Metric kUsed{"node_swap_used_bytes", MetricType::kGauge,
                       "Used part of the swap device or file, from /proc/swaps."};
constexpr Metric kPriority{"node_swap_priority", MetricType::kGauge,
                           "Priority of the swap device or file, from /proc/swaps."};

using Swaps = std::vector<Swap>;

void write_swaps(const Swaps& swaps, Families& out) {
  for (const Metric* metric : {&kSize, &kUsed, &kPriority}) {
    if (!swaps.empty()) out.family(*metric);
    for (const Swap& swap : swaps) {
      const Labels labels = Labels("device", swap.device).add("swap_type", swap.type);
      if (metric == &kPriority) {
        out.sample(labels.text(), static_cast<double>(swap.priority));
      } else {
        out.sample(labels.text(), metric == &kSize ? swap.size_bytes : swap.used_bytes);
      }
    }
  }
}

const Registration kRegistration{
    {.name = "swaps",
     .help = "Size, use and priority of each swap device and file, from /proc/swaps.",
     .interval = std::chrono::seconds(15),
     .options = {},
     .make = [](const Host& host, const Options&) -> Result<std::unique_ptr<Collector>> {
       return std::make_unique<FileCollector<Swaps>>(host.proc_path("swaps"), parse_swaps,
                                                     write_swaps);
     }}};

}  // namespace

std::string unescape_path(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    if (text.front() == '\\' && text.size() >= 4) {
      const auto value = to_number<std::uint8_t>(text.substr(1, 3), 8);
      if (value) {
        out += static_cast<char>(*value);
        text.remove_prefix(4);
        continue;
      }
    }
    out += text.front();
    text.remove_prefix(1);
  }
  return out;
}

Result<void> parse_swaps(std::string_view text, std::vector<Swap>& into) {
  into.clear();
  std::string_view line;
  if (!next_whole_line(text, line) || next_field(line) != "Filename") {
    return fail(ErrorKind::kInvalid, "no title line 'Filename …'");
  }
  constexpr std::uint64_t kMaxKib = std::numeric_limits<std::uint64_t>::max() / 1024;
  constexpr std::size_t kMaxSwaps = 64;  // the kernel allows 32
  while (into.size() < kMaxSwaps && next_whole_line(text, line)) {
    const std::string_view path = next_field(line);
    const std::string_view type = next_field(line);
    const auto size = next_number<std::uint64_t>(line);
    const auto used = next_number<std::uint64_t>(line);
    const auto priority = next_number<std::int64_t>(line);
    if (!size || !used || !priority || *size > kMaxKib || *used > kMaxKib) continue;
    Swap swap{unescape_path(path), std::string(type), *size * 1024, *used * 1024, *priority};
    const auto same = [&](const Swap& other) {
      return other.device == swap.device && other.type == swap.type;
    };
    if (std::none_of(into.begin(), into.end(), same)) into.push_back(std::move(swap));
  }
  return {};
}

}  // namespace kernstat
