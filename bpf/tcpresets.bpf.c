// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// TCP resets, sent and received, by state of the connection and, where the kernel tells, reason.
#include "kernel/skb.bpf.h"
#include "kernel/sock.bpf.h"
#include "kernstat.bpf.h"

enum sk_rst_reason { SK_RST_REASON_NOT_SPECIFIED };

KS_KERNEL_ENUM(sk_rst_reason);

enum direction { direction_sent, direction_received };

struct reset_key {
  enum direction direction;
  tcp_state state;
  kernel_enum__sk_rst_reason reason;
};
KS_SERIES(tcp_resets, struct reset_key, __u64, 128)

static __always_inline int count(struct reset_key key) {
  __u64* resets = tcp_resets_get(&key);
  if (resets) ks_inc(resets);
  return 0;
}

// Without a socket nothing was open. `sk` may be a request or in TIME_WAIT: only what all kinds
// have in common may be read.
static __always_inline int count_sent(const bool direct, const struct sock* sk,
                                      const struct sk_buff* skb, __u32 reason) {
  __u32 state = KS_TCP_CLOSE;
  if (sk) {
    if (!ks_is_watched(direct, sk)) return 0;
    state = ks_read(direct, sk, __sk_common.skc_state);
  } else if (only_net_namespace) {
    if (!skb || BPF_CORE_READ(skb, dev, nd_net.net, ns.inum) != only_net_namespace) return 0;
  }
  return count((struct reset_key){direction_sent, state, reason});
}

KS_TWIN(tcp_send_reset, on_sent, struct sock* sk, struct sk_buff* skb, enum sk_rst_reason reason) {
  return count_sent(direct, sk, skb, reason);
}
// Before 6.10.
KS_TWIN(tcp_send_reset, on_sent_bare, struct sock* sk, struct sk_buff* skb) {
  return count_sent(direct, sk, skb, 0);
}
KS_TWIN(tcp_receive_reset, on_received, struct sock* sk) {
  if (!ks_is_watched(direct, sk)) return 0;
  __u32 state = ks_read(direct, sk, __sk_common.skc_state);
  return count((struct reset_key){direction_received, state, 0});
}
