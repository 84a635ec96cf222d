// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// How long packets wait in queueing disciplines: a sample. Packets that find an empty queue and
// pass it by are in none.
#include "kernel/skb.bpf.h"
#include "kernstat.bpf.h"

const volatile __u32 one_in = 16;

struct qdisc_key {
  net_interface device;
  char kind[16];
};
KS_SERIES(qdisc_delays, struct qdisc_key, time_hist, 128)

struct queued {
  __u64 since;
};
KS_IN_FLIGHT(queued_packets, __u64, struct queued, 8192)

static __always_inline int enqueue(const bool direct, struct sk_buff* skb) {
  __u64 id = (__u64)skb;
  if (!ks_sample(direct, skb, one_in)) return 0;
  struct queued queued = {bpf_ktime_get_ns()};
  queued_packets_put(&id, &queued);
  return 0;
}

static __always_inline void dequeue(const bool direct, struct Qdisc* qdisc,
                                    struct netdev_queue* queue, struct sk_buff* skb) {
  __u64 id = (__u64)skb;
  struct queued queued;
  if (!ks_may_be_sampled(direct, skb, one_in) || !queued_packets_take(&id, &queued)) return;
  __u64 ns = bpf_ktime_get_ns() - queued.since;
  struct qdisc_key key = {.device = ks_interface(direct, ks_read(direct, queue, dev))};
  bpf_probe_read_kernel_str(key.kind, sizeof(key.kind), ks_read(direct, qdisc, ops, id));
  time_hist* hist = qdisc_delays_get(&key);
  if (hist) time_hist_add(hist, ns);
}

KS_TWIN(qdisc_enqueue, on_enqueue, struct Qdisc* qdisc, struct netdev_queue* queue,
        struct sk_buff* skb) {
  return enqueue(direct, skb);
}

// Packets that leave together are a list.
KS_TWIN(qdisc_dequeue, on_dequeue, struct Qdisc* qdisc, struct netdev_queue* queue, int packets,
        struct sk_buff* skb) {
  for (int i = 0; i < 16; i++) {
    if (i >= packets || !skb) break;
    dequeue(direct, qdisc, queue, skb);
    skb = ks_read(direct, skb, next);
  }
  return 0;
}

// Before 5.15 nothing told of the enqueue. What a queue is passed by is known at the driver.
KS_TWIN(net_dev_queue, on_queue, struct sk_buff* skb) { return enqueue(direct, skb); }
KS_TWIN(net_dev_start_xmit, on_transmit, struct sk_buff* skb) {
  __u64 id = (__u64)skb;
  if (ks_may_be_sampled(direct, skb, one_in)) bpf_map_delete_elem(&queued_packets, &id);
  return 0;
}
