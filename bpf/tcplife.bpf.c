// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// TCP connections at their end: how long they were established, what they carried, how they ended.
// The socket itself has counted the bytes: nothing is done per packet.
#include "kernel/sock.bpf.h"
#include "kernstat.bpf.h"

enum role {
  role_active,   // this host connected
  role_passive,  // this host accepted
  role_unknown,  // established before this was watched
};
enum reason {
  reason_fin,      // both sides were done
  reason_reset,    // the peer reset it
  reason_abort,    // this side did, or gave it up
  reason_timeout,  // the peer did not answer any more
  reason_other,
};

struct life_key {
  enum role role;
  enum reason reason;
};
struct life_value {
  __u64 closed;
  __u64 retransmits;
  days_hist duration;  // not of role_unknown
  volume_hist sent;
  volume_hist received;
};
KS_SERIES(tcp_lives, struct life_key, struct life_value, 16)

struct birth {
  __u64 since;
  __u64 role;
};
KS_IN_FLIGHT(tcp_births, __u64, struct birth, 32768)

// include/uapi/asm-generic/errno.h
#define KS_EPIPE 32
#define KS_ECONNRESET 104
#define KS_ETIMEDOUT 110

static __always_inline enum reason end_reason(int error, int from) {
  switch (error) {
    case 0:
      break;
    case KS_EPIPE:
    case KS_ECONNRESET:
      return reason_reset;
    case KS_ETIMEDOUT:
      return reason_timeout;
    default:
      return reason_other;
  }
  return from == KS_TCP_LAST_ACK || from == KS_TCP_CLOSING || from == KS_TCP_FIN_WAIT2
             ? reason_fin
             : reason_abort;
}

// The peer's FIN has a sequence number too, which the kernel counts as a byte.
static __always_inline __u64 received_bytes(const bool direct, struct tcp_sock* tcp) {
  struct sock* sk = (struct sock*)tcp;
  __u64 bytes = ks_read(direct, tcp, bytes_received);
  __u64 flags = ks_read(direct, sk, __sk_common.skc_flags);
  if (bytes && (flags >> bpf_core_enum_value(enum sock_flags, SOCK_DONE) & 1)) bytes--;
  return bytes;
}

static __always_inline void count_end(const bool direct, struct sock* sk, int from,
                                      const struct birth* birth) {
  struct tcp_sock* tcp = direct ? bpf_skc_to_tcp_sock(sk) : (struct tcp_sock*)sk;
  if (!tcp) return;
  struct life_key key = {birth->role, end_reason(ks_read(direct, sk, sk_err), from)};
  struct life_value* value = tcp_lives_get(&key);
  if (!value) return;
  ks_inc(&value->closed);
  ks_add(&value->retransmits, ks_read(direct, tcp, total_retrans));
  if (birth->since) days_hist_add(&value->duration, bpf_ktime_get_ns() - birth->since);
  volume_hist_add(&value->sent,
                  ks_read(direct, tcp, bytes_sent) - ks_read(direct, tcp, bytes_retrans));
  volume_hist_add(&value->received, received_bytes(direct, tcp));
}

KS_TWIN(inet_sock_set_state, on_state, struct sock* sk, int from, int to) {
  __u64 id = (__u64)sk;
  struct birth birth;
  if (to == KS_TCP_ESTABLISHED) {
    if (!ks_is_tcp(direct, sk)) return 0;
    birth.since = bpf_ktime_get_ns();
    birth.role = from == KS_TCP_SYN_SENT ? role_active : role_passive;
    tcp_births_put(&id, &birth);
    return 0;
  }
  if (to != KS_TCP_CLOSE || from == KS_TCP_SYN_SENT || from == KS_TCP_LISTEN ||
      from == KS_TCP_SYN_RECV || from == KS_TCP_CLOSE || !ks_is_tcp(direct, sk))
    return 0;
  if (!tcp_births_take(&id, &birth)) birth = (struct birth){0, role_unknown};
  count_end(direct, sk, from, &birth);
  return 0;
}
