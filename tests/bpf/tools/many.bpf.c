// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// Ten thousand series: each system call of one process counts in the next one.
#include "kernstat.bpf.h"

struct number_key {
  __u32 number;
};
KS_SERIES(many, struct number_key, __u64, 10000)

const volatile __u32 only_tgid = 0;
static __u32 next_number = 0;

KS_TWIN(sys_enter, on_call, void* regs, long nr) {
  if (bpf_get_current_pid_tgid() >> 32 != only_tgid) return 0;
  struct number_key key = {next_number};
  next_number = next_number == 9999 ? 0 : next_number + 1;
  __u64* count = many_get(&key);
  if (count) ks_inc(count);
  return 0;
}
