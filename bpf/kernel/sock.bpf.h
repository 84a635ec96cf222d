// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// Sockets and TCP.
#ifndef KERNSTAT_KERNEL_SOCK_BPF_H
#define KERNSTAT_KERNEL_SOCK_BPF_H

#include "base.bpf.h"
#include "task.bpf.h"

#define KS_AF_UNIX 1
#define KS_AF_INET 2
#define KS_AF_INET6 10
#define KS_IPPROTO_TCP 6

/// States of include/net/tcp_states.h, the same since 5.10.
enum ks_tcp_state {
  KS_TCP_ESTABLISHED = 1,
  KS_TCP_SYN_SENT = 2,
  KS_TCP_SYN_RECV = 3,
  KS_TCP_FIN_WAIT1 = 4,
  KS_TCP_FIN_WAIT2 = 5,
  KS_TCP_TIME_WAIT = 6,
  KS_TCP_CLOSE = 7,
  KS_TCP_CLOSE_WAIT = 8,
  KS_TCP_LAST_ACK = 9,
  KS_TCP_LISTEN = 10,
  KS_TCP_CLOSING = 11,
  KS_TCP_NEW_SYN_RECV = 12,
};

typedef struct {
  struct net* net;
} KS_KERNEL possible_net_t;

struct sock_common {
  unsigned short skc_family;
  volatile unsigned char skc_state;
  __u16 skc_num;     // local port, host order
  __be16 skc_dport;  // remote port, network order
  possible_net_t skc_net;
  unsigned long skc_flags;
} KS_KERNEL;

/// Bits of skc_flags.
enum sock_flags {
  SOCK_DONE = 1,
};

struct sock {
  struct sock_common __sk_common;
  __u32 sk_ack_backlog;
  __u32 sk_max_ack_backlog;
  int sk_err;
  int sk_sndbuf;
  int sk_rcvbuf;
  unsigned short sk_type;
  unsigned short sk_protocol;
} KS_KERNEL;

struct inet_sock {
  struct sock sk;
} KS_KERNEL;
struct request_sock_queue {
  atomic_t qlen;  // half-open connections
} KS_KERNEL;
struct inet_connection_sock {
  struct inet_sock icsk_inet;
  struct request_sock_queue icsk_accept_queue;
  __u8 icsk_retransmits;
} KS_KERNEL;
struct tcp_sock {
  struct inet_connection_sock inet_conn;
  __u32 srtt_us;
  __u32 snd_cwnd;
  __u64 bytes_received;
  __u64 bytes_acked;
  __u64 bytes_sent;
  __u64 bytes_retrans;
  __u32 write_seq;
  __u32 snd_una;
  __u32 rcv_nxt;
  __u32 copied_seq;
  __u32 total_retrans;
  __u32 segs_in;
  __u32 segs_out;
} KS_KERNEL;

struct seq_file;
struct bpf_iter_meta {
  struct seq_file* seq;
  __u64 session_id;
  __u64 seq_num;
} KS_KERNEL;
struct bpf_iter__tcp {
  struct bpf_iter_meta* meta;
  struct sock_common* sk_common;
  __u32 uid;
} KS_KERNEL;
struct bpf_iter__udp {
  struct bpf_iter_meta* meta;
  struct inet_sock* udp_sk;
  __u32 uid;
  int bucket;
} KS_KERNEL;
struct bpf_iter__task {
  struct bpf_iter_meta* meta;
  struct task_struct* task;
} KS_KERNEL;

// A parameter: the inode number of /proc/PID/ns/net to count the sockets of this network namespace
// only; 0 for all. It costs nothing when it is 0: the verifier drops what it guards.
const volatile __u32 only_net_namespace = 0;

static __always_inline bool ks_is_watched(const bool direct, const struct sock* sk) {
  return !only_net_namespace ||
         ks_read(direct, sk, __sk_common.skc_net.net, ns.inum) == only_net_namespace;
}

/// Whether a socket whose state changes is of TCP itself (MPTCP, SCTP and DCCP use the same hook),
/// and of a namespace that is to be counted.
static __always_inline bool ks_is_tcp(const bool direct, const struct sock* sk) {
  return ks_read(direct, sk, sk_protocol) == KS_IPPROTO_TCP && ks_is_watched(direct, sk);
}

/// The address family as the label says it.
static __always_inline address_family ks_family(const bool direct, const struct sock* sk) {
  return ks_read(direct, sk, __sk_common.skc_family);
}

#endif
