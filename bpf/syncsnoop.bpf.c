// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// Files written through to the disk (fsync, fdatasync, msync, O_SYNC), and whole file systems
// (sync, syncfs, umount).
//
// ext4 has tracepoints for it. Of the others the function behind the pointer f_op->fsync is hooked:
// what calls it is inlined by some compilers.
#include "kernel/fs.bpf.h"
#include "kernstat.bpf.h"

enum kind {
  kind_fsync,      // data and all metadata
  kind_fdatasync,  // data and the metadata that reading it back needs
};
struct sync_key {
  fs_magic fstype;
  enum kind kind;
};
struct sync_value {
  time_hist duration;
  __u64 errors;
};
KS_SERIES(file_syncs, struct sync_key, struct sync_value, 64)

// File systems that lie on others call down within the same task.
struct begin_key {
  __u64 inode;
  __u64 task;
};
struct begin {
  __u64 since;
  __u64 datasync;
};
KS_IN_FLIGHT(sync_begins, struct begin_key, struct begin, 8192)

static __always_inline int on_begin(struct inode* inode, int datasync) {
  struct begin_key key = {(__u64)inode, (__u32)bpf_get_current_pid_tgid()};
  struct begin begin = {bpf_ktime_get_ns(), datasync != 0};
  sync_begins_put(&key, &begin);
  return 0;
}

static __always_inline int on_end(const bool direct, struct inode* inode, int result) {
  struct begin_key id = {(__u64)inode, (__u32)bpf_get_current_pid_tgid()};
  struct begin begin;
  if (!sync_begins_take(&id, &begin)) return 0;
  struct sync_key key = {
      .fstype = ks_inode_fs(direct, inode),
      .kind = begin.datasync ? kind_fdatasync : kind_fsync,
  };
  struct sync_value* value = file_syncs_get(&key);
  if (!value) return 0;
  time_hist_add(&value->duration, bpf_ktime_get_ns() - begin.since);
  if (result) ks_inc(&value->errors);
  return 0;
}

// f_op->fsync of one file system.
#define KS_FSYNC(name, function)                                                             \
  KS_HOOK("fentry/" #function, on_##name##_begin, struct file* file, __s64 start, __s64 end, \
          int datasync) {                                                                    \
    return !file ? 0 : on_begin(file->f_inode, datasync);                                    \
  }                                                                                          \
  KS_HOOK("fexit/" #function, on_##name##_end, struct file* file, __s64 start, __s64 end,    \
          int datasync, int result) {                                                        \
    return !file ? 0 : on_end(true, file->f_inode, result);                                  \
  }
KS_FSYNC(xfs, xfs_file_fsync)
KS_FSYNC(btrfs, btrfs_sync_file)
KS_FSYNC(f2fs, f2fs_sync_file)
KS_FSYNC(nfs, nfs_file_fsync)

// Newer verifiers want proof that a module's tracepoint gave an object.
KS_TWIN(ext4_sync_file_enter, on_ext4_begin, struct file* file, int datasync) {
  return !file ? 0 : on_begin(ks_read(direct, file, f_inode), datasync);
}
KS_TWIN(ext4_sync_file_exit, on_ext4_end, struct inode* inode, int result) {
  return !inode ? 0 : on_end(direct, inode, result);
}

struct whole_key {
  fs_magic fstype;
};
KS_SERIES(fs_syncs, struct whole_key, __u64, 16)

static __always_inline int on_whole(fs_magic fstype) {
  struct whole_key key = {fstype};
  __u64* syncs = fs_syncs_get(&key);
  if (syncs) ks_inc(syncs);
  return 0;
}

// Every file system's syncing comes twice: to start it, and to wait for it.
KS_TWIN(ext4_sync_fs, on_ext4_fs, struct super_block* sb, int wait) {
  return sb && wait ? on_whole((fs_magic)ks_read(direct, sb, s_magic)) : 0;
}
