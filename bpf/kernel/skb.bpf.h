// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// Packets and interfaces.
#ifndef KERNSTAT_KERNEL_SKB_BPF_H
#define KERNSTAT_KERNEL_SKB_BPF_H

#include "base.bpf.h"
#include "sock.bpf.h"

struct net_device {
  int ifindex;
  possible_net_t nd_net;
} KS_KERNEL;

struct sk_buff {
  struct sk_buff* next;
  struct net_device* dev;
  struct sock* sk;
  unsigned int len;
  unsigned int data_len;
  __be16 protocol;
  __u16 transport_header;
  __u16 network_header;
  __u16 mac_header;
  unsigned char* head;
  unsigned char* data;
  __u64 tstamp;
} KS_KERNEL;

struct netdev_queue {
  struct net_device* dev;
} KS_KERNEL;
struct Qdisc_ops {
  char id[16];
} KS_KERNEL;
struct Qdisc {
  const struct Qdisc_ops* ops;
} KS_KERNEL;

/// The interface with its namespace, for label members of type net_interface.
static __always_inline net_interface ks_interface(const bool direct, struct net_device* dev) {
  net_interface result = {0, 0};
  if (!dev) return result;
  result.net_namespace = ks_read(direct, dev, nd_net.net, ns.inum);
  result.index = (__u32)ks_read(direct, dev, ifindex);
  return result;
}

// The verifier lets pointers of known type be subtracted, nothing else: from an origin that stays.
const volatile __u64 ks_origin = 0;
static __always_inline __u64 ks_number_of(const bool direct, const void* pointer) {
  __u64 number = (__u64)pointer;
  if (direct) asm volatile("%0 -= %1" : "+r"(number) : "r"(&ks_origin));
  return number;
}

static __always_inline bool ks_sampled_in(__u64 number, __u64 epoch, __u32 one_in) {
  __u64 hash = ((number >> 5) + epoch * 0xbf58476d1ce4e5b9ULL) * 0x9e3779b97f4a7c15ULL;
  return (hash >> 32) * one_in >> 32 == 0;
}

/// Whether to begin to follow a packet: one in `one_in`, chosen by the address of its buffer, which
/// every hook knows. Buffers are few and used again, so that the choice changes with time.
static __always_inline bool ks_sample(const bool direct, const void* skb, __u32 one_in) {
  return one_in <= 1 || ks_sampled_in(ks_number_of(direct, skb), bpf_jiffies64() >> 9, one_in);
}

/// Whether the packet may be followed since some seconds: worth a look into a map.
static __always_inline bool ks_may_be_sampled(const bool direct, const void* skb, __u32 one_in) {
  if (one_in <= 1) return true;
  __u64 epoch = bpf_jiffies64() >> 9;
  __u64 number = ks_number_of(direct, skb);
  return ks_sampled_in(number, epoch, one_in) || ks_sampled_in(number, epoch - 1, one_in);
}

#endif
