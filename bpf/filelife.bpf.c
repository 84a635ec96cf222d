// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// How old files were when they were deleted. Nothing is kept: an inode that goes away without a
// link carries its birth, and its last change is the moment of the unlink.
#include "kernel/fs.bpf.h"
#include "kernstat.bpf.h"

struct life_key {
  fs_magic fstype;
};
KS_SERIES(file_lives, struct life_key, days_hist, 16)

struct ext4_inode_info {
  struct inode vfs_inode;
  struct timespec64 i_crtime;
} KS_KERNEL;

struct btrfs_inode {
  struct inode vfs_inode;
  __u64 i_otime_sec;
  __u32 i_otime_nsec;
} KS_KERNEL;
/// Before 6.8.
struct btrfs_inode___timespec {
  struct timespec64 i_otime;
} KS_KERNEL;

struct xfs_inode {
  struct inode i_vnode;
  struct timespec64 i_crtime;
} KS_KERNEL;
/// Before 5.14.
struct xfs_icdinode {
  struct timespec64 di_crtime;
} KS_KERNEL;
struct xfs_inode___icd {
  struct xfs_icdinode i_d;
} KS_KERNEL;

// Newer verifiers want proof that a module's tracepoint gave an object.
static __always_inline bool is_deleted(const bool direct, struct inode* inode) {
  return inode && ks_read(direct, inode, i_nlink) == 0 &&
         (ks_read(direct, inode, i_mode) & KS_S_IFMT) == KS_S_IFREG;
}

static __always_inline int count(const bool direct, struct inode* inode, __s64 born) {
  struct life_key key = {ks_inode_fs(direct, inode)};
  // Small inodes of old file systems have no room for their birth.
  if (born <= 0) return 0;
  __s64 age = ks_inode_ctime(inode) - born;
  days_hist* hist = file_lives_get(&key);
  // Set clocks can put the birth after the end.
  if (hist) days_hist_add(hist, age > 0 ? age : 0);
  return 0;
}

KS_TWIN(ext4_evict_inode, on_ext4, struct inode* inode) {
  if (!is_deleted(direct, inode)) return 0;
  struct ext4_inode_info* info =
      (void*)inode - bpf_core_field_offset(struct ext4_inode_info, vfs_inode);
  return count(direct, inode, ks_timespec_ns(&info->i_crtime));
}

KS_TWIN(btrfs_inode_evict, on_btrfs, struct inode* inode) {
  if (!is_deleted(direct, inode)) return 0;
  struct btrfs_inode* info = (void*)inode - bpf_core_field_offset(struct btrfs_inode, vfs_inode);
  struct btrfs_inode___timespec* old = (void*)info;
  __s64 born = bpf_core_field_exists(old->i_otime)
                   ? ks_timespec_ns(&old->i_otime)
                   : (__s64)BPF_CORE_READ(info, i_otime_sec) * 1000000000LL +
                         BPF_CORE_READ(info, i_otime_nsec);
  return count(direct, inode, born);
}

KS_TWIN(xfs_destroy_inode, on_xfs, struct xfs_inode* info) {
  if (!info) return 0;
  struct inode* inode = (void*)info + bpf_core_field_offset(struct xfs_inode, i_vnode);
  if (!is_deleted(false, inode)) return 0;
  struct xfs_inode___icd* old = (void*)info;
  __s64 born = bpf_core_field_exists(old->i_d.di_crtime) ? ks_timespec_ns(&old->i_d.di_crtime)
                                                         : ks_timespec_ns(&info->i_crtime);
  return count(false, inode, born);
}
