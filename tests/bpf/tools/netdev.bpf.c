// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// Packets queued, by interface: names that change while they are read.
#include "kernel/skb.bpf.h"
#include "kernstat.bpf.h"

struct device_key {
  net_interface device;
};
KS_SERIES_PERCPU(queued, struct device_key, __u64, 64)

KS_TWIN(net_dev_queue, on_queue, struct sk_buff* skb) {
  struct device_key key = {ks_interface(direct, ks_read(direct, skb, dev))};
  __u64* count = queued_get(&key);
  if (count) ks_inc(count);
  return 0;
}
