// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// Opens of files by type of file system, files that they made, and what went wrong.
//
// do_filp_open() serves open, openat, openat2, creat and the kernel's own opens. Where functions
// cannot be hooked, the classic tracepoints of the system calls are left; the file is then found by
// its descriptor.
#include "kernel/fs.bpf.h"
#include "kernel/syscall.bpf.h"
#include "kernel/task.bpf.h"
#include "kernstat.bpf.h"

struct open_key {
  fs_magic fstype;
};
struct open_value {
  __u64 opens;
  __u64 created;
};
KS_SERIES_PERCPU(file_opens, struct open_key, struct open_value, 32)

struct open_error_key {
  errno_code errno;
};
KS_SERIES_PERCPU(open_errors, struct open_error_key, __u64, 64)

#define MAX_ERRNO 4095

static __always_inline int count_error(long error) {
  struct open_error_key key = {(errno_code)-error};
  __u64* errors = open_errors_get(&key);
  if (errors) ks_inc(errors);
  return 0;
}

static __always_inline int count_file(struct file* file) {
  struct open_key key = {(fs_magic)BPF_CORE_READ(file, f_inode, i_sb, s_magic)};
  struct open_value* value = file_opens_get(&key);
  if (!value) return 0;
  ks_inc(&value->opens);
  if (BPF_CORE_READ(file, f_mode) & KS_FMODE_CREATED) ks_inc(&value->created);
  return 0;
}

static __always_inline int on_result(struct file* file) {
  long error = (long)file;
  return error < 0 && error >= -MAX_ERRNO ? count_error(error) : count_file(file);
}

struct filename;
struct open_flags;
KS_HOOK("fexit/do_filp_open", on_filp_open, int dfd, struct filename* pathname,
        const struct open_flags* op, struct file* file) {
  return on_result(file);
}
// Its newer name.
KS_HOOK("fexit/do_file_open", on_file_open, int dfd, struct filename* pathname,
        const struct open_flags* op, struct file* file) {
  return on_result(file);
}

static __always_inline int on_exit(long result) {
  if (result < 0) return count_error(result);
  struct task_struct* task = (struct task_struct*)bpf_get_current_task();
  struct fdtable* table = BPF_CORE_READ(task, files, fdt);
  if ((unsigned long)result >= BPF_CORE_READ(table, max_fds)) return 0;
  struct file** files = BPF_CORE_READ(table, fd);
  struct file* file = 0;
  bpf_probe_read_kernel(&file, sizeof(file), files + result);
  return file ? count_file(file) : 0;
}

KS_PROGRAM("tp/syscalls/sys_exit_open", on_exit_open, struct ks_syscall_exit) {
  return on_exit(ctx->result);
}
KS_PROGRAM("tp/syscalls/sys_exit_creat", on_exit_creat, struct ks_syscall_exit) {
  return on_exit(ctx->result);
}
KS_PROGRAM("tp/syscalls/sys_exit_openat", on_exit_openat, struct ks_syscall_exit) {
  return on_exit(ctx->result);
}
KS_PROGRAM("tp/syscalls/sys_exit_openat2", on_exit_openat2, struct ks_syscall_exit) {
  return on_exit(ctx->result);
}
