// SPDX-License-Identifier: Apache-2.0
// Short texts that decide something: the daemon's own state and record, values of options, names
// that BPF objects and tools carry, what libbpf says, cgroups and symbols of the kernel.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/bpf/attach.h"
#include "collectors/bpf/cgroup_names.h"
#include "collectors/bpf/hist_grid.h"
#include "collectors/bpf/kernel_btf.h"
#include "collectors/bpf/kernel_symbols.h"
#include "collectors/bpf/libbpf_log.h"
#include "collectors/bpf/metric_names.h"
#include "collectors/bpf/privilege.h"
#include "collectors/options.h"
#include "daemon/grid.h"
#include "daemon/run_record.h"
#include "daemon/self.h"
#include "daemon/start_checks.h"

namespace {

using namespace kernstat;

void check(bool holds) {
  if (!holds) std::abort();
}

void daemon_texts(std::string_view text) {
  static_cast<void>(parse_process_stat(text));
  check(!RunRecord::parse(text, "").size());
  const std::string_view boot_id = text.substr(0, text.find('\n'));
  check(RunRecord::parse(text, boot_id).size() <=
        static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')));
  const bool named = has_parameter(text, "kernstat.bpf=off");
  check(!named || text.find("kernstat.bpf=off") != std::string_view::npos);
  check(Grid::phase_of(text).ns >= 0);
}

void option_values(std::string_view text) {
  const auto duration = parse_duration(text);
  check(!duration || duration->count() >= 0);
  for (const OptionType type : {OptionType::kBool, OptionType::kNumber, OptionType::kDuration,
                                OptionType::kText, OptionType::kRegex}) {
    const auto value = parse_option(type, text);
    check(value || !value.error().message.empty());
  }
}

void names_of_tools(std::string_view text) {
  const auto grid = bpf::HistGrid::parse(text);
  check(!grid || (grid->first < grid->last && grid->schema >= 0 && grid->slots() > 2));
  static_cast<void>(bpf::check_condition(text));
  static_cast<void>(bpf::hook_kind(text));
  static_cast<void>(bpf::hook_target(text));
  static_cast<void>(bpf::check_help(text));
  static_cast<void>(bpf::check_name(text, MetricType::kCounter, "seconds"));
  static_cast<void>(bpf::capability_number(text));
  check(!bpf::is_label_name(text) || bpf::is_metric_name(text));
}

void kernel_texts(std::string_view text) {
  check(bpf::failure_reason(text).size() <= 300);
  static_cast<void>(bpf::failed_program(text));
  static_cast<void>(bpf::choose_hierarchy(text, true));
  static_cast<void>(bpf::choose_hierarchy(text, false));
  check(text.find(bpf::workload_of(text)) != std::string_view::npos);
  const std::vector<std::uint64_t> addresses{1, 0xFFFF, 0xFFFFFFFF81000000U};
  bpf::SymbolSearch search(addresses);
  static_cast<void>(search.take(text));
  check(search.finish().size() == addresses.size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  daemon_texts(text);
  option_values(text);
  names_of_tools(text);
  kernel_texts(text);
  return 0;
}
