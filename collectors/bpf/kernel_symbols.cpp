// SPDX-License-Identifier: Apache-2.0
#include "collectors/bpf/kernel_symbols.h"

#include <algorithm>

#include "collectors/support/text.h"

namespace kernstat::bpf {

std::vector<std::string> symbols_at(std::string_view kallsyms,
                                    const std::vector<std::uint64_t>& addresses) {
  // The file is not sorted: modules come after the kernel in load order.
  std::vector<std::uint64_t> nearest(addresses.size(), 0);
  std::vector<std::string_view> names(addresses.size());
  while (!kallsyms.empty()) {
    std::string_view line = next_line(kallsyms);
    const auto address = next_number<std::uint64_t>(line, 16);
    const std::string_view type = next_field(line);
    const std::string_view name = next_field(line);
    const bool is_text = type == "t" || type == "T" || type == "w" || type == "W";
    if (!address || *address == 0 || !is_text || name.empty()) continue;
    // Every wanted address at or above this symbol for which it is nearer than the best so far.
    for (auto it = std::lower_bound(addresses.begin(), addresses.end(), *address);
         it != addresses.end(); ++it) {
      const auto i = static_cast<std::size_t>(it - addresses.begin());
      if (*address <= nearest[i]) continue;
      nearest[i] = *address;
      names[i] = name;
    }
  }
  return {names.begin(), names.end()};
}

void KernelSymbols::want(const std::vector<std::uint64_t>& addresses) {
  if (names_.size() > kMostKnown) names_.clear();
  std::vector<std::uint64_t> unknown;
  for (const std::uint64_t address : addresses) {
    if (!names_.contains(address)) unknown.push_back(address);
  }
  if (unknown.empty()) return;
  std::sort(unknown.begin(), unknown.end());
  unknown.erase(std::unique(unknown.begin(), unknown.end()), unknown.end());
  const auto text = read_file(path_, std::size_t{64} << 20);
  const std::vector<std::string> names =
      text ? symbols_at(*text, unknown) : std::vector<std::string>(unknown.size());
  for (std::size_t i = 0; i < unknown.size(); ++i) names_[unknown[i]] = names[i];
}

std::string_view KernelSymbols::find(std::uint64_t address) {
  const auto known = names_.find(address);
  if (known != names_.end()) return known->second;
  want({address});
  return names_[address];
}

}  // namespace kernstat::bpf
