// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// Which part of the kernel an address of its text belongs to.
//
// The kernel is linked directory by directory (init, arch, kernel, mm, fs, ipc, security, crypto,
// block, io_uring, lib, drivers, net, then the sections of their own), so that a few functions near
// the beginning of each directory split the text: the last one at or below an address names its
// part. One that a kernel lacks, or whose address may not be read, takes no part.
#ifndef KERNSTAT_KERNEL_TEXT_BPF_H
#define KERNSTAT_KERNEL_TEXT_BPF_H

#include "kernstat.bpf.h"

/// The label `subsystem`.
enum subsystem {
  subsystem_other,
  subsystem_user,
  subsystem_idle,
  subsystem_entry,   // entry code and what else is the architecture's
  subsystem_kernel,  // processes, signals, workqueues, cgroups
  subsystem_sched,
  subsystem_locking,
  subsystem_irq,
  subsystem_rcu,
  subsystem_time,
  subsystem_bpf,  // and tracing
  subsystem_mm,
  subsystem_fs,
  subsystem_security,
  subsystem_crypto,
  subsystem_block,
  subsystem_io_uring,
  subsystem_lib,
  subsystem_drivers,
  subsystem_net,  // sockets, devices, queueing disciplines and protocols without their own
  subsystem_netfilter,
  subsystem_ip,  // IPv4 and IPv6
  subsystem_tcp,
  subsystem_modules,
};
#define KS_SUBSYSTEMS 24

// clang-format off
#define KS_MARKERS(M) \
  M(_stext, entry) M(idt_invalidate, entry) M(x86_perf_event_update, entry) \
  M(kvm_vcpu_halt, entry) \
  M(free_task, kernel) M(kernel_clone, kernel) M(raise_softirq, kernel) \
  M(__traceiter_sched_kthread_stop, sched) M(task_rq_lock, sched) M(update_rq_clock, sched) \
  M(sched_clock_cpu, sched) \
  M(__mutex_init, locking) M(__init_rwsem, locking) \
  M(console_lock, kernel) \
  M(irq_get_percpu_devid_partition, irq) M(irq_to_desc, irq) \
  M(rcu_gp_is_normal, rcu) M(call_rcu, rcu) \
  M(dma_get_sgtable_attrs, kernel) \
  M(jiffies_to_msecs, time) M(mod_timer, time) \
  M(futex_hash, kernel) M(do_futex, kernel) M(cgroup_attach_task, kernel) \
  M(ring_buffer_event_length, bpf) M(bpf_prog_alloc, bpf) \
  M(perf_event_disable, kernel) \
  M(filemap_check_errors, mm) M(kfree, mm) \
  M(do_truncate, fs) M(vfs_fsync_range, fs) M(locks_alloc_lock, fs) M(proc_alloc_inode, fs) \
  M(ext4_get_group_no_and_offset, fs) \
  M(ipc_init_ids, kernel) \
  M(security_file_permission, security) \
  M(crypto_mod_get, crypto) \
  M(I_BDEV, block) M(bio_init, block) M(blk_queue_flag_set, block) \
  M(__traceiter_io_uring_create, io_uring) M(io_submit_sqes, io_uring) \
  M(lockref_get, lib) \
  M(pci_bus_read_config_byte, drivers) M(tty_alloc_file, drivers) M(device_add, drivers) \
  M(cpufreq_register_notifier, drivers) \
  M(sock_register, net) M(sock_alloc_file, net) M(sk_ns_capable, net) \
  M(nf_hook_slow, netfilter) M(nf_conntrack_in, netfilter) \
  M(rt_cache_flush, ip) M(inet_peer_base_init, ip) M(ip_local_deliver, ip) \
  M(tcp_sock_set_syncnt, tcp) M(tcp_enter_memory_pressure, tcp) M(tcp_init_sock, tcp) \
  M(__ip4_datagram_connect, ip) M(raw_hash_sk, ip) M(udp_lib_get_port, ip) \
  M(ipt_do_table, netfilter) \
  M(bictcp_cwnd_event, tcp) M(cubictcp_cwnd_event, tcp) M(cubictcp_init, tcp) \
  M(xfrm_policy_alloc, net) M(unix_get_socket, net) \
  M(inet6_bind, ip) \
  M(tcp_v6_init_sock, tcp) M(tcp_v6_rcv, tcp) \
  M(ip6_datagram_dst_update, ip) \
  M(packet_rcv, net) \
  M(radix_tree_lookup, lib) \
  M(__noinstr_text_start, entry) \
  M(__cpuidle_text_start, idle) \
  M(__cpuidle_text_end, entry) \
  M(__sched_text_start, sched) \
  M(__lock_text_start, locking) \
  M(__kprobes_text_start, entry) \
  M(_etext, modules)
// clang-format on

// Addresses that the loader finds in /proc/kallsyms.
#define KS_DECLARE_MARKER(symbol, part) extern const void symbol __ksym __weak;
KS_MARKERS(KS_DECLARE_MARKER)

struct ks_marker {
  __u64 address;
  __u64 subsystem;
};
#define KS_COUNT_MARKER(symbol, part) +1
#define KS_MARKER_COUNT (0 KS_MARKERS(KS_COUNT_MARKER))
struct ks_marker ks_markers[KS_MARKER_COUNT];
__u32 ks_markers_ready = 0;

#define KS_FILL_MARKER(symbol, part) \
  ks_markers[i++] = (struct ks_marker){(__u64)&symbol, subsystem_##part};
static __always_inline void ks_fill_markers(void) {
  __u32 i = 0;
  if (ks_markers_ready) return;
  KS_MARKERS(KS_FILL_MARKER)
  ks_markers_ready = 1;
}

/// The part of the kernel that holds `address`; subsystem_other when nothing is known. Verified
/// once by itself, since it is not static.
__noinline __u32 ks_subsystem_of(__u64 address) {
  __u64 best = 0;
  __u64 subsystem = subsystem_other;
  for (__u32 i = 0; i < KS_MARKER_COUNT; i++) {
    __u64 marker = ks_markers[i].address;
    if (marker > address || marker <= best) continue;
    best = marker;
    subsystem = ks_markers[i].subsystem;
  }
  return (__u32)subsystem;
}

#endif
