// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// Listening TCP ports: how long the queue of connections to be accepted was when another one came,
// how long it is now, and how long it may grow.
#include "kernel/sock.bpf.h"
#include "kernstat.bpf.h"

struct port_key {
  __u32 port;
};
KS_SERIES(accept_queues, struct port_key, count_hist, 64)

// A new connection begins as a copy of its listener, whose queue length it carries for a moment:
// no listener has to be looked up. Full listeners make none (they count as ListenOverflows).
KS_TWIN(inet_sock_set_state, on_state, struct sock* sk, int from, int to) {
  if (from != KS_TCP_LISTEN || to != KS_TCP_SYN_RECV || !ks_is_tcp(direct, sk)) return 0;
  struct port_key key = {ks_read(direct, sk, __sk_common.skc_num)};
  count_hist* hist = accept_queues_get(&key);
  if (hist) count_hist_add(hist, ks_read(direct, sk, sk_ack_backlog));
  return 0;
}

// Sockets that share a port (SO_REUSEPORT) add up.
struct listener {
  __u64 sockets;
  __u64 waiting;
  __u64 limit;
  __u64 half_open;
};
KS_RECORDS(listeners, struct port_key, struct listener);

KS_PROGRAM("iter/tcp", on_listener, struct bpf_iter__tcp) {
  struct sock_common* common = ctx->sk_common;
  if (!common || common->skc_state != KS_TCP_LISTEN) return 0;
  struct tcp_sock* tcp = bpf_skc_to_tcp_sock(common);
  if (!tcp) return 0;
  struct inet_connection_sock* icsk = &tcp->inet_conn;
  struct sock* sk = &icsk->icsk_inet.sk;
  struct listeners_record record = {
      .key = {common->skc_num},
      .value = {1, sk->sk_ack_backlog, sk->sk_max_ack_backlog,
                (__u32)icsk->icsk_accept_queue.qlen.counter},
  };
  ks_emit(ctx->meta->seq, &record);
  return 0;
}
