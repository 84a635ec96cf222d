// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// TCP sockets by state, and the bytes in their queues.
#include "kernel/sock.bpf.h"
#include "kernstat.bpf.h"

enum family { family_inet, family_inet6 };
/// In the order of include/net/tcp_states.h, the same since 5.10; 0 is no state.
enum state {
  state_established = 1,
  state_syn_sent,
  state_syn_recv,
  state_fin_wait1,
  state_fin_wait2,
  state_time_wait,
  state_close,
  state_close_wait,
  state_last_ack,
  state_listen,
  state_closing,
  state_new_syn_recv,
};

struct socket_key {
  enum family family;
  enum state state;
};
struct socket_value {
  __u64 sockets;
  __u64 unsent;
  __u64 unread;
};
// All pairs fit: nothing is "other".
KS_SERIES(tcp_sockets, struct socket_key, struct socket_value, 32)

KS_PROGRAM("iter/tcp", on_socket, struct bpf_iter__tcp) {
  struct sock_common* common = ctx->sk_common;
  if (!common) return 0;
  __u32 state = common->skc_state;
  struct socket_key key = {
      common->skc_family == KS_AF_INET6 ? family_inet6 : family_inet,
      state,
  };
  struct socket_value* value = tcp_sockets_get(&key);
  if (!value) return 0;
  ks_inc(&value->sockets);
  // Neither half-open connections nor those in TIME_WAIT have a socket with queues.
  if (state == KS_TCP_LISTEN) return 0;
  struct tcp_sock* tcp = bpf_skc_to_tcp_sock(common);
  if (!tcp) return 0;
  ks_add(&value->unsent, tcp->write_seq - tcp->snd_una);
  __s32 unread = (__s32)(tcp->rcv_nxt - tcp->copied_seq);
  if (unread > 0) ks_add(&value->unread, unread);
  return 0;
}
