// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// TCP retransmissions by the state of the connection.
#include "kernel/sock.bpf.h"
#include "kernstat.bpf.h"

struct sk_buff;
struct request_sock;

enum kind { kind_segment, kind_synack };

struct retransmit_key {
  address_family family;
  tcp_state state;
  enum kind kind;
};
KS_SERIES(tcp_retransmits, struct retransmit_key, __u64, 64)

struct failure_key {
  errno_code error;
};
KS_SERIES(tcp_retransmit_failures, struct failure_key, __u64, 32)

#define KS_ENOBUFS 105

static __always_inline int count(const bool direct, const struct sock* sk, __u32 state,
                                 enum kind kind) {
  if (!ks_is_watched(direct, sk)) return 0;
  struct retransmit_key key = {ks_family(direct, sk), state, kind};
  __u64* retransmits = tcp_retransmits_get(&key);
  if (retransmits) ks_inc(retransmits);
  return 0;
}

static __always_inline int count_segment(const bool direct, const struct sock* sk) {
  return count(direct, sk, ks_read(direct, sk, __sk_common.skc_state), kind_segment);
}

// Called for failed sends too: error is negative, or positive when a queueing discipline of this
// host dropped the segment, which is ENOBUFS to everybody above it (net_xmit_errno()).
KS_TWIN(tcp_retransmit_skb, on_retransmit, struct sock* sk, struct sk_buff* skb, int error) {
  if (!ks_is_watched(direct, sk)) return 0;
  if (!error) return count_segment(direct, sk);
  struct failure_key key = {error < 0 ? error : -KS_ENOBUFS};
  __u64* failures = tcp_retransmit_failures_get(&key);
  if (failures) ks_inc(failures);
  return 0;
}

// Kernels without the result call it after successful sends only.
KS_TWIN(tcp_retransmit_skb, on_retransmit_success, struct sock* sk, struct sk_buff* skb) {
  return count_segment(direct, sk);
}

// `sk` is the listener here: the connection is half open.
KS_TWIN(tcp_retransmit_synack, on_synack, struct sock* sk, struct request_sock* req) {
  return count(direct, sk, KS_TCP_SYN_RECV, kind_synack);
}
