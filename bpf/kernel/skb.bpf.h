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

/// The interface with its namespace, for label members of type net_interface.
static __always_inline net_interface ks_interface(const bool direct, struct net_device* dev) {
  net_interface result = {0, 0};
  if (!dev) return result;
  result.net_namespace = ks_read(direct, dev, nd_net.net, ns.inum);
  result.index = (__u32)ks_read(direct, dev, ifindex);
  return result;
}

#endif
