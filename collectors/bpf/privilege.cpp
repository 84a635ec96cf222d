// SPDX-License-Identifier: Apache-2.0
#include "collectors/bpf/privilege.h"

#include <linux/capability.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <utility>

namespace kernstat::bpf {

bool has_capability(int capability) {
  __user_cap_header_struct header{};
  header.version = _LINUX_CAPABILITY_VERSION_3;
  std::array<__user_cap_data_struct, 2> data{};
  if (::syscall(SYS_capget, &header, data.data()) != 0) return false;
  const auto index = static_cast<std::size_t>(capability) / 32;
  const auto bit = static_cast<unsigned>(capability) % 32;
  return index < data.size() && ((data[index].effective >> bit) & 1U) != 0;
}

std::string missing_bpf_capabilities() {
  if (has_capability(CAP_SYS_ADMIN)) return {};
  std::string missing;
  if (!has_capability(CAP_BPF)) missing = "CAP_BPF";
  if (!has_capability(CAP_PERFMON)) missing += missing.empty() ? "CAP_PERFMON" : " and CAP_PERFMON";
  return missing;
}

int capability_number(std::string_view name) {
  constexpr std::array<std::pair<std::string_view, int>, 8> kKnown{
      {{"CAP_BPF", CAP_BPF},
       {"CAP_PERFMON", CAP_PERFMON},
       {"CAP_SYS_ADMIN", CAP_SYS_ADMIN},
       {"CAP_NET_ADMIN", CAP_NET_ADMIN},
       {"CAP_SYSLOG", CAP_SYSLOG},
       {"CAP_DAC_READ_SEARCH", CAP_DAC_READ_SEARCH},
       {"CAP_SYS_PTRACE", CAP_SYS_PTRACE},
       {"CAP_SYS_RESOURCE", CAP_SYS_RESOURCE}}};
  for (const auto& [known, number] : kKnown) {
    if (known == name) return number;
  }
  return -1;
}

}  // namespace kernstat::bpf
