// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// Iterators: one fills a map, one emits records.
#include "kernel/sock.bpf.h"
#include "kernel/task.bpf.h"
#include "kernstat.bpf.h"

struct socket_key {
  tcp_state state;
  address_family family;
};
KS_SERIES(sockets, struct socket_key, __u64, 64)

KS_PROGRAM("iter/tcp", walk_tcp, struct bpf_iter__tcp) {
  struct sock_common* sk = ctx->sk_common;
  if (!sk) return 0;
  struct socket_key key = {.state = sk->skc_state, .family = sk->skc_family};
  __u64* count = sockets_get(&key);
  if (count) ks_inc(count);
  return 0;
}

enum kind { kind_kernel, kind_user };
struct task_key {
  enum kind kind;
};
struct task_value {
  __u64 tasks;
};
KS_RECORDS(tasks, struct task_key, struct task_value);

const volatile __u32 only_tgid = 0;

KS_PROGRAM("iter/task", walk_tasks, struct bpf_iter__task) {
  struct task_struct* task = ctx->task;
  if (!task || (__u32)task->tgid != only_tgid) return 0;
  struct tasks_record record = {
      .key = {task->flags & KS_PF_KTHREAD ? kind_kernel : kind_user},
      .value = {1},
  };
  ks_emit(ctx->meta->seq, &record);
  return 0;
}
