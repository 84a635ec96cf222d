// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// Packets that the kernel dropped, by its own reason. Not everything that it frees this way is a
// loss: what belongs to closed sockets, or was not meant for this host, is counted apart.
#include "kernel/skb.bpf.h"
#include "kernstat.bpf.h"

enum skb_drop_reason {
  SKB_CONSUMED = 1,
  SKB_DROP_REASON_NOT_SPECIFIED,
  SKB_DROP_REASON_SOCKET_CLOSE,
  SKB_DROP_REASON_SOCKET_FILTER,
  SKB_DROP_REASON_OTHERHOST,
  SKB_DROP_REASON_TCP_OFOMERGE,
  SKB_DROP_REASON_TCP_OLD_ACK,
  SKB_DROP_REASON_TCP_OLD_DATA,
  SKB_DROP_REASON_TCP_OLD_SEQUENCE,
  SKB_DROP_REASON_TCP_RESET,
  SKB_DROP_REASON_TCP_CLOSE,
  SKB_DROP_REASON_UNIX_DISCONNECT,
  SKB_DROP_REASON_UNHANDLED_PROTO,
  SKB_DROP_REASON_TAP_FILTER,
  SKB_DROP_REASON_TAP_TXFILTER,
  SKB_DROP_REASON_IPV6DISABLED,
  SKB_DROP_REASON_DUP_FRAG,
  SKB_DROP_REASON_QUEUE_PURGE,
  SKB_DROP_REASON_IPV6_NDISC_NS_OTHERHOST,
};
KS_KERNEL_ENUM(skb_drop_reason);

struct drop_key {
  kernel_enum__skb_drop_reason reason;
  ip_protocol protocol;
};
KS_SERIES_PERCPU(packet_drops, struct drop_key, __u64, 256)
KS_SERIES_PERCPU(benign_drops, struct drop_key, __u64, 128)

// Where the kernel gives no reason, the place that dropped it is all there is.
struct place_key {
  ksym_addr location;
};
KS_SERIES_PERCPU(drop_places, struct place_key, __u64, 256)

// A protocol that is none of IP's: the label "other".
#define KS_NOT_IP 254
#define KS_ETH_P_IP 0x0800
#define KS_ETH_P_IPV6 0x86dd

// The protocol within IP, read from the packet: skb->protocol knows of IP only.
static __always_inline ip_protocol protocol_of(const bool direct, const struct sk_buff* skb) {
  __u16 ether = __builtin_bswap16(ks_read(direct, skb, protocol));
  __u32 at = ks_read(direct, skb, network_header);
  __u8 header[10];
  if ((ether != KS_ETH_P_IP && ether != KS_ETH_P_IPV6) || at == 0xffff) return KS_NOT_IP;
  if (bpf_probe_read_kernel(header, sizeof(header), ks_read(direct, skb, head) + at))
    return KS_NOT_IP;
  if (header[0] >> 4 == 4) return header[9];
  if (header[0] >> 4 == 6) return header[6];
  return KS_NOT_IP;
}

#define IS(name)                                             \
  (bpf_core_enum_value_exists(enum skb_drop_reason, name) && \
   reason == (__u32)bpf_core_enum_value(enum skb_drop_reason, name))

// Left over by the end of a socket, seen before, or not for this host.
static __always_inline bool is_benign(__u32 reason) {
  return IS(SKB_DROP_REASON_QUEUE_PURGE) || IS(SKB_CONSUMED) || IS(SKB_DROP_REASON_SOCKET_CLOSE) ||
         IS(SKB_DROP_REASON_SOCKET_FILTER) || IS(SKB_DROP_REASON_OTHERHOST) ||
         IS(SKB_DROP_REASON_TCP_OFOMERGE) || IS(SKB_DROP_REASON_TCP_OLD_ACK) ||
         IS(SKB_DROP_REASON_TCP_OLD_DATA) || IS(SKB_DROP_REASON_TCP_OLD_SEQUENCE) ||
         IS(SKB_DROP_REASON_TCP_RESET) || IS(SKB_DROP_REASON_TCP_CLOSE) ||
         IS(SKB_DROP_REASON_UNIX_DISCONNECT) || IS(SKB_DROP_REASON_UNHANDLED_PROTO) ||
         IS(SKB_DROP_REASON_TAP_FILTER) || IS(SKB_DROP_REASON_TAP_TXFILTER) ||
         IS(SKB_DROP_REASON_IPV6DISABLED) || IS(SKB_DROP_REASON_DUP_FRAG) ||
         IS(SKB_DROP_REASON_IPV6_NDISC_NS_OTHERHOST);
}

static __always_inline int count(const bool direct, const struct sk_buff* skb, void* location,
                                 __u32 reason) {
  struct drop_key key = {reason, protocol_of(direct, skb)};
  __u64* drops = is_benign(reason) ? benign_drops_get(&key) : packet_drops_get(&key);
  if (drops) ks_inc_alone(drops);
  if (reason && !IS(SKB_DROP_REASON_NOT_SPECIFIED)) return 0;
  struct place_key place = {(__u64)location};
  __u64* there = drop_places_get(&place);
  if (there) ks_inc_alone(there);
  return 0;
}

KS_TWIN(kfree_skb, on_drop, struct sk_buff* skb, void* location, enum skb_drop_reason reason) {
  return count(direct, skb, location, reason);
}
// Before 5.17 there were no reasons.
KS_TWIN(kfree_skb, on_drop_bare, struct sk_buff* skb, void* location) {
  return count(direct, skb, location, 0);
}
