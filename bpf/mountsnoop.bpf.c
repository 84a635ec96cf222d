// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// Calls that change the mounts, and their errors.
#include "kernel/syscall.bpf.h"
#include "kernstat.bpf.h"

enum call {
  call_mount,
  call_umount,
  call_pivot_root,
  call_move_mount,
  call_fsopen,
  call_fsmount,
  call_open_tree,
  call_mount_setattr,
};
#define CALLS 8

KS_CELLS(mount_calls, enum call, __u64, CALLS)

struct mount_error_key {
  enum call call;
  errno_code errno;
};
KS_SERIES(mount_errors, struct mount_error_key, __u64, 128)

static __always_inline int count(enum call call, long result) {
  __u64* calls = mount_calls_at(call);
  if (calls) ks_inc(calls);
  if (result >= 0) return 0;
  struct mount_error_key key = {call, (errno_code)-result};
  __u64* errors = mount_errors_get(&key);
  if (errors) ks_inc(errors);
  return 0;
}

#define KS_CALL(name)                                                                       \
  KS_HOOK("fexit/" KS_SYSCALL(#name), on_##name, const struct pt_regs* regs, long result) { \
    return count(call_##name, result);                                                      \
  }                                                                                         \
  KS_PROGRAM("tp/syscalls/sys_exit_" #name, on_exit_##name, struct ks_syscall_exit) {       \
    return count(call_##name, ctx->result);                                                 \
  }

KS_CALL(mount)
KS_CALL(umount)
KS_CALL(pivot_root)
KS_CALL(move_mount)
KS_CALL(fsopen)
KS_CALL(fsmount)
KS_CALL(open_tree)
KS_CALL(mount_setattr)
