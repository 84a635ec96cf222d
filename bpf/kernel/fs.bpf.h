// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// Files, inodes and superblocks.
#ifndef KERNSTAT_KERNEL_FS_BPF_H
#define KERNSTAT_KERNEL_FS_BPF_H

#include "base.bpf.h"

struct file_system_type {
  const char* name;
} KS_KERNEL;
struct super_block {
  dev_t s_dev;
  unsigned long s_magic;
  struct file_system_type* s_type;
} KS_KERNEL;
struct timespec64 {
  long long tv_sec;
  long tv_nsec;
} KS_KERNEL;
struct inode {
  unsigned short i_mode;
  unsigned long i_ino;
  unsigned int i_nlink;
  long long i_size;
  struct super_block* i_sb;
  long long i_ctime_sec;
  __u32 i_ctime_nsec;
} KS_KERNEL;
/// Before 6.11 and before 6.6.
struct inode___ctime66 {
  struct timespec64 __i_ctime;
} KS_KERNEL;
struct inode___ctime {
  struct timespec64 i_ctime;
} KS_KERNEL;
struct dentry {
  struct inode* d_inode;
  struct super_block* d_sb;
} KS_KERNEL;
struct file {
  struct inode* f_inode;
  unsigned int f_mode;
  unsigned int f_flags;
} KS_KERNEL;

#define KS_S_IFMT 0170000
#define KS_S_IFREG 0100000
/// The open made the file; the same bit since 5.10.
#define KS_FMODE_CREATED 0x100000

static __always_inline fs_magic ks_inode_fs(const bool direct, struct inode* inode) {
  return (fs_magic)ks_read(direct, inode, i_sb, s_magic);
}

static __always_inline __s64 ks_timespec_ns(const struct timespec64* time) {
  return BPF_CORE_READ(time, tv_sec) * 1000000000LL + BPF_CORE_READ(time, tv_nsec);
}

/// When the inode last changed, in ns since 1970. The last change of a deleted file is its unlink.
static __always_inline __s64 ks_inode_ctime(struct inode* inode) {
  if (bpf_core_field_exists(inode->i_ctime_sec))
    return BPF_CORE_READ(inode, i_ctime_sec) * 1000000000LL + BPF_CORE_READ(inode, i_ctime_nsec);
  struct inode___ctime66* renamed = (void*)inode;
  if (bpf_core_field_exists(renamed->__i_ctime)) return ks_timespec_ns(&renamed->__i_ctime);
  struct inode___ctime* old = (void*)inode;
  return ks_timespec_ns(&old->i_ctime);
}

#endif
