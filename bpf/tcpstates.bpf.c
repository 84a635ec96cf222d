// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// State transitions of TCP sockets, and how long they stayed in each state.
#include "kernel/sock.bpf.h"
#include "kernstat.bpf.h"

// Up to 17 minutes: tcplife has the long ones.
KS_HIST(state_hist, time, 2, m20, p10)

struct transition_key {
  tcp_state from;
  tcp_state to;
};
struct transition_value {
  __u64 count;
  state_hist duration;  // in `from`, of those whose begin was seen
};
// A socket comes into some twenty of the pairs.
KS_SERIES(tcp_transitions, struct transition_key, struct transition_value, 64)

struct entered {
  __u64 since;
};
// One for each socket that is not closed.
KS_IN_FLIGHT(tcp_state_begins, __u64, struct entered, 32768)

// The time since the last transition, which is begun anew; 0 when it was not seen.
static __always_inline __u64 turn(__u64 id, bool to_close) {
  struct entered now = {bpf_ktime_get_ns()};
  struct entered before;
  if (to_close) return tcp_state_begins_take(&id, &before) ? now.since - before.since : 0;
  struct entered* begin = bpf_map_lookup_elem(&tcp_state_begins, &id);
  if (!begin) {
    tcp_state_begins_put(&id, &now);
    return 0;
  }
  before = *begin;
  *begin = now;
  return now.since - before.since;
}

KS_TWIN(inet_sock_set_state, on_state, struct sock* sk, int from, int to) {
  if (!ks_is_tcp(direct, sk)) return 0;
  __u64 ns = turn((__u64)sk, to == KS_TCP_CLOSE);
  struct transition_key key = {from, to};
  struct transition_value* value = tcp_transitions_get(&key);
  if (!value) return 0;
  ks_inc(&value->count);
  // A closed socket, or the listener that a new one is copied from, was no state of this socket.
  if (ns && from != KS_TCP_CLOSE && !(from == KS_TCP_LISTEN && to == KS_TCP_SYN_RECV))
    state_hist_add(&value->duration, ns);
  return 0;
}
