// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// How long active TCP opens took, and how they ended.
#include "kernel/sock.bpf.h"
#include "kernstat.bpf.h"

enum result {
  result_established,
  result_refused,      // the peer answered with a reset
  result_timeout,      // nobody answered
  result_unreachable,  // a router, or the own host, has no way there
  result_aborted,      // the program gave up, or no local address was left
  result_other,
};

struct connect_key {
  address_family family;
  enum result result;
};
KS_SERIES(tcp_connects, struct connect_key, time_hist, 32)

struct opening {
  __u64 since;
};
KS_IN_FLIGHT(tcp_openings, __u64, struct opening, 16384)

// include/uapi/asm-generic/errno.h
#define KS_ENETUNREACH 101
#define KS_ECONNRESET 104
#define KS_ETIMEDOUT 110
#define KS_ECONNREFUSED 111
#define KS_EHOSTDOWN 112
#define KS_EHOSTUNREACH 113

// Why a socket went from SYN_SENT to CLOSE: the kernel sets sk_err before the state.
static __always_inline enum result failure(int error) {
  switch (error) {
    case 0:
      return result_aborted;
    case KS_ECONNREFUSED:
    case KS_ECONNRESET:
      return result_refused;
    case KS_ETIMEDOUT:
      return result_timeout;
    case KS_ENETUNREACH:
    case KS_EHOSTDOWN:
    case KS_EHOSTUNREACH:
      return result_unreachable;
    default:
      return result_other;
  }
}

KS_TWIN(inet_sock_set_state, on_state, struct sock* sk, int from, int to) {
  __u64 id = (__u64)sk;
  struct opening opening;
  if (to == KS_TCP_SYN_SENT) {
    if (!ks_is_tcp(direct, sk)) return 0;
    opening.since = bpf_ktime_get_ns();
    tcp_openings_put(&id, &opening);
    return 0;
  }
  if (from != KS_TCP_SYN_SENT || !tcp_openings_take(&id, &opening)) return 0;
  __u64 ns = bpf_ktime_get_ns() - opening.since;
  struct connect_key key = {
      .family = ks_family(direct, sk),
      // SYN_RECV is a simultaneous open: the peer has answered.
      .result = to == KS_TCP_CLOSE ? failure(ks_read(direct, sk, sk_err)) : result_established,
  };
  time_hist* hist = tcp_connects_get(&key);
  if (hist) time_hist_add(hist, ns);
  return 0;
}
