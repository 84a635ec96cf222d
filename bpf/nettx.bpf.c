// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// Stages of sending packets: waiting for the driver, the driver's call, and the device, until it
// gives the buffer back. A sample.
#include "kernel/skb.bpf.h"
#include "kernstat.bpf.h"

const volatile __u32 one_in = 64;

struct device_key {
  net_interface device;
};
struct stages {
  time_hist queue;
  time_hist driver;
  time_hist completion;
};
KS_SERIES(transmit_stages, struct device_key, struct stages, 64)

struct packet {
  __u64 since;    // given to the queue of the device
  __u64 started;  // given to the driver
  net_interface device;
};
KS_IN_FLIGHT(packets_sent, __u64, struct packet, 8192)

// The driver's call on this CPU: the packet may be gone when it returns.
struct call {
  __u64 skb;
  __u64 since;
};
KS_CELLS_PERCPU(driver_calls, __u32, struct call, 1)

KS_TWIN(net_dev_queue, on_queue, struct sk_buff* skb) {
  if (!ks_sample(direct, skb, one_in)) return 0;
  __u64 id = (__u64)skb;
  struct packet packet = {.since = bpf_ktime_get_ns()};
  packets_sent_put(&id, &packet);
  return 0;
}

KS_TWIN(net_dev_start_xmit, on_start, struct sk_buff* skb, struct net_device* device) {
  __u64 id = (__u64)skb;
  if (!ks_may_be_sampled(direct, skb, one_in)) return 0;
  struct packet* packet = bpf_map_lookup_elem(&packets_sent, &id);
  if (!packet) return 0;
  __u64 now = bpf_ktime_get_ns();
  packet->started = now;
  packet->device = ks_interface(direct, device);
  struct device_key key = {packet->device};
  struct stages* stages = transmit_stages_get(&key);
  if (stages) time_hist_add(&stages->queue, now - packet->since);
  struct call* call = driver_calls_at(0);
  if (call) *call = (struct call){id, now};
  return 0;
}

KS_TWIN(net_dev_xmit, on_end, struct sk_buff* skb, int result, struct net_device* device) {
  struct call* call = driver_calls_at(0);
  if (!call || !call->skb || call->skb != (__u64)skb) return 0;
  __u64 ns = bpf_ktime_get_ns() - call->since;
  call->skb = 0;
  struct device_key key = {ks_interface(direct, device)};
  struct stages* stages = transmit_stages_get(&key);
  if (stages) time_hist_add(&stages->driver, ns);
  return 0;
}

KS_TWIN(consume_skb, on_completion, struct sk_buff* skb) {
  __u64 id = (__u64)skb;
  struct packet packet;
  if (!ks_may_be_sampled(direct, skb, one_in) || !packets_sent_take(&id, &packet)) return 0;
  // Cut into segments, which are buffers of their own.
  if (!packet.started) return 0;
  struct device_key key = {packet.device};
  struct stages* stages = transmit_stages_get(&key);
  if (stages) time_hist_add(&stages->completion, bpf_ktime_get_ns() - packet.started);
  return 0;
}
