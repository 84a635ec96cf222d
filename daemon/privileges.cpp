// SPDX-License-Identifier: Apache-2.0
#include "daemon/privileges.h"

#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace kernstat {
namespace {

constexpr Capabilities bit(int capability) { return Capabilities{1} << capability; }

// The C library has no wrapper; libcap's would change all threads when linked with libpsx.
Result<void> get(__user_cap_data_struct (&data)[2]) {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  if (::syscall(SYS_capget, &header, data) != 0) return fail_errno("capget");
  return {};
}

}  // namespace

Capabilities bpf_capabilities() {
  return bit(CAP_BPF) | bit(CAP_PERFMON) | bit(CAP_NET_ADMIN) | bit(CAP_SYS_ADMIN) |
         bit(CAP_SYS_RESOURCE) | bit(CAP_SYS_PTRACE);
}

Capabilities bpf_start_capabilities() { return bit(CAP_DAC_READ_SEARCH) | bit(CAP_SYSLOG); }

Result<void> keep_capabilities(Capabilities keep) {
  __user_cap_data_struct data[2]{};
  if (auto got = get(data); !got) return got;
  for (int half = 0; half < 2; ++half) {
    const auto mask = static_cast<std::uint32_t>(keep >> (32 * half));
    data[half].permitted &= mask;
    data[half].effective &= mask;
    data[half].inheritable = 0;  // nothing is ever executed; this clears the ambient set, too
  }
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  if (::syscall(SYS_capset, &header, data) != 0) return fail_errno("capset");
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return fail_errno("PR_SET_NO_NEW_PRIVS");
  return {};
}

Result<Capabilities> own_capabilities() {
  __user_cap_data_struct data[2]{};
  if (auto got = get(data); !got) return fail(got.error());
  return Capabilities{data[1].effective} << 32 | data[0].effective;
}

}  // namespace kernstat
