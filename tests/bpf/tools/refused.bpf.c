// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// What the verifier refuses: a value is used without a look whether there is one.
#include "kernstat.bpf.h"

struct any_key {
  __u32 number;
};
KS_SERIES(anything, struct any_key, __u64, 8)

KS_TWIN(sys_enter, on_call, void* regs, long nr) {
  struct any_key key = {1};
  __u64* count = anything_get(&key);
  ks_inc(count);
  return 0;
}
