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
struct inode {
  unsigned short i_mode;
  unsigned long i_ino;
  unsigned int i_nlink;
  long long i_size;
  struct super_block* i_sb;
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

#endif
