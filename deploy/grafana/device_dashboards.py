# SPDX-License-Identifier: Apache-2.0
"""Dashboards about disks, file systems, sockets and interfaces."""
from panels import dashboard, heat, lines, row, table, tail, variable

RATIO = {"min": 0, "max": 1}
DEVICE = variable("device", "Device", 'label_values(node_disk_io_time_seconds_total{job=~"$job",instance=~"$instance"}, device)')
INTERFACE = variable("device", "Interface", 'label_values(node_network_up{job=~"$job",instance=~"$instance"}, device)')
D = 'device=~"$device"'


def block():
    return dashboard("block", "kernstat / Block I/O", "How long disks take, and what for.", [
        row("Latency"),
        heat("Latency of reads", "s", (
            "How many reads a second took how long, from allocation to completion.", "One narrow band.",
            "Two bands: a cache that misses, or a second device. A band that rises: the device is at its limit."),
            "kernstat_block_io_duration_seconds", f'{D},operation="read",stage="total"'),
        heat("Latency of writes", "s", (
            "How many writes a second took how long, from allocation to completion.", "One narrow band.",
            "A high second band every few seconds is writeback."),
            "kernstat_block_io_duration_seconds", f'{D},operation="write",stage="total"'),
        tail("Latency, host and device", "s", (
            "Quantiles and mean of all requests, from allocation to completion.", "p99 below 0.05 s.", "Compare with the device alone."),
            "kernstat_block_io_duration_seconds", "{{device}} {{operation}} {{instance}}", f'{D},stage="total"'),
        tail("Latency of the device alone", "s", (
            "From the driver to completion.", "Nearly as much as with the host's queue.", "If this is short and the total long, the host's queue is."),
            "kernstat_block_io_duration_seconds", "{{device}} {{operation}} {{instance}}", f'{D},stage="device"'),
        row("Load"),
        lines("Requests", "iops", (
            "Requests a second.", "Below what the device can.", "Find who: `pidstat -d 1`."),
            (f"rate(node_disk_reads_completed_total{{$S,{D}}}[$R])", "read {{device}} {{instance}}"),
            (f"rate(node_disk_writes_completed_total{{$S,{D}}}[$R])", "write {{device}} {{instance}}"), min=0),
        lines("Throughput", "Bps", (
            "Bytes a second.", "Below what the device can.", "Large and steady: a copy, a backup."),
            (f"rate(node_disk_read_bytes_total{{$S,{D}}}[$R])", "read {{device}} {{instance}}"),
            (f"rate(node_disk_written_bytes_total{{$S,{D}}}[$R])", "write {{device}} {{instance}}"), min=0),
        heat("Requests in flight each second", "short", (
            "How often how many requests were under way.", "A few.", "Always many: the device is saturated."),
            "kernstat_disk_inflight_requests", D),
        heat("Busy each second", "percentunit", (
            "How often the device was busy for which part of a second.", "Below 1.", "For SSDs 1 is no limit: look at latency."),
            "kernstat_disk_busy_ratio", D),
        lines("Busy", "percentunit", (
            "Part of the time in which the device had something to do: average, and the busiest seconds.",
            "Below 0.8 for disks that turn.", "Less I/O, or another device."),
            (f"instance_device:node_disk_busy:ratio_rate5m{{$S,{D}}}", "average {{device}} {{instance}}"),
            (f"instance:kernstat_disk_busy_ratio:p99{{$S,{D}}}", "p99 {{device}} {{instance}}"), **RATIO),
        heat("Size of requests", "bytes", (
            "How many requests a second carried how much.", "4 KiB for databases, large for copies.", "Many small ones cost the most."),
            "kernstat_block_io_size_bytes", D),
        lines("Pattern", "iops", (
            "Requests that continue the one before, and those that do not.", "Depends on the work.", "Random on a turning disk is slow."),
            (f"rate(kernstat_block_io_pattern_total{{$S,{D}}}[$R])", "{{pattern}} {{operation}} {{device}} {{instance}}"), min=0),
        lines("Requeued", "iops", (
            "Requests that the driver gave back.", "0.", "The device's queue is full, or it is being reset."),
            (f"rate(kernstat_block_io_requeued_total{{$S,{D}}}[$R])", "{{device}} {{instance}}"), min=0),
        lines("Latency of dm, md and zram", "s", (
            "p99 of bios at devices that have no queue of requests.", "Near that of the disks below.", "Much more: the mapping itself waits."),
            (f"instance:kernstat_block_bio_duration_seconds:p99{{$S,{D}}}", "{{device}} {{operation}} {{instance}}"), min=0),
        lines("Errors", "short", (
            "Requests that failed, in each interval, by status.", "No series at all.", "KernstatDiskErrors has a runbook."),
            (f"increase(kernstat_block_io_errors_total{{$S,{D}}}[$R])", "{{status}} {{device}} {{instance}}"), min=0),
    ], [DEVICE])


def filesystems():
    return dashboard("filesystems", "kernstat / File systems", "Room, latency of fsync, and what is written back.", [
        lines("Used", "percentunit", (
            "The part that is used.", "Below 0.8.", "`du -xh --max-depth=2`; deleted files that are open: `lsof +L1`."),
            ("instance:node_filesystem_used:ratio{$S}", "{{mountpoint}} {{instance}}"), **RATIO),
        lines("Available", "bytes", (
            "Room for ordinary users.", "Steady.", "A steady slope says when it is full."),
            ("node_filesystem_avail_bytes{$S}", "{{mountpoint}} {{instance}}"), min=0),
        lines("Inodes free", "percentunit", (
            "The part of inodes that is free.", "Above 0.1.", "Millions of small files: find the directory."),
            ("node_filesystem_files_free{$S} / (node_filesystem_files{$S} > 0)", "{{mountpoint}} {{instance}}"), **RATIO),
        table("Read-only", "short", (
            "1 for a file system that can only be read.", "0, or on purpose.", "The kernel does it after an error: read its log."),
            "node_filesystem_readonly{$S}"),
        heat("Latency of fsync", "s", (
            "How many fsyncs a second took how long.", "One narrow band.", "It is what a commit of a database takes."),
            "kernstat_fs_sync_duration_seconds"),
        tail("Fsync", "s", (
            "Quantiles and mean of fsync.", "p99 below 0.05 s.", "See the journal below and the device in Block I/O."),
            "kernstat_fs_sync_duration_seconds", "{{fstype}} {{kind}} {{instance}}"),
        tail("Journal commits", "s", (
            "How long commits of the ext4 journal took.", "Below 0.1 s.", "Phases below say where."),
            "kernstat_fs_journal_commit_duration_seconds", "{{device}} {{instance}}"),
        lines("Journal phases", "percentunit", (
            "Share of time that commits spent in each phase.", "Mostly running.", "Flushing: much dirty data. Locked: long operations."),
            ('rate(kernstat_fs_journal_phase_seconds_total{$S,phase!="running"}[$R])', "{{phase}} {{device}} {{instance}}"), min=0),
        tail("Writeback passes", "s", (
            "How long one pass of a flusher thread took.", "Below a second.", "Long ones: much is dirty and the device is slow."),
            "kernstat_fs_writeback_duration_seconds", "{{reason}} {{device}} {{instance}}"),
        lines("Written back", "Bps", (
            "Bytes a second by reason.", "periodic and background.", "sync and vmscan: somebody forces it, or memory is short."),
            ("sum by (instance, reason) (rate(kernstat_fs_writeback_bytes_total{$S}[$R]))", "{{reason}} {{instance}}"), min=0),
        lines("Writers held back", "s", (
            "Pauses of tasks because too much memory is dirty (p99).", "No series at all.", "The device cannot follow what is written."),
            ("instance:kernstat_memory_dirty_throttle_seconds:p99{$S}", "{{device}} {{instance}}"), min=0),
        lines("Lifespan of files", "s", (
            "Median age of files at their end.", "Depends on the work.", "Seconds: temporary files that a tmpfs could hold."),
            ("instance:kernstat_fs_file_lifespan_seconds:p50{$S}", "{{fstype}} {{instance}}"), min=0),
    ])


def tcp():
    return dashboard("tcp", "kernstat / TCP and sockets", "Connections: how many, how long, how well.", [
        lines("Connections", "short", (
            "Established connections, and sockets in TIME-WAIT.", "Steady.", "Growing without end: somebody does not close."),
            ("node_netstat_Tcp_CurrEstab{$S}", "established {{instance}}"),
            ("node_sockstat_TCP_tw{$S}", "time-wait {{instance}}"),
            ("node_sockstat_TCP_orphan{$S}", "orphan {{instance}}"), min=0),
        lines("Opened", "cps", (
            "Connections opened from here and from others, a second.", "Steady.", "A jump: a retry loop, or visitors."),
            ("rate(node_netstat_Tcp_ActiveOpens{$S}[$R])", "from here {{instance}}"),
            ("rate(node_netstat_Tcp_PassiveOpens{$S}[$R])", "from others {{instance}}"), min=0),
        heat("Time to connect", "s", (
            "How many connects a second took how long.", "One band at the distance of the peers.",
            "Bands at 1, 3, 7 s: SYNs are lost."), "kernstat_tcp_connect_duration_seconds"),
        tail("Time to connect", "s", (
            "Quantiles and mean of connecting, by result.", "p99 below 0.2 s.", "timeout and refused name the trouble."),
            "kernstat_tcp_connect_duration_seconds", "{{result}} {{family}} {{instance}}"),
        lines("Retransmissions", "percentunit", (
            "Share of the segments sent that were sent again.", "Below 0.01.", "Loss on the way: one peer or all? `ss -ti`."),
            ("instance:node_netstat_Tcp_RetransSegs:ratio_rate5m{$S}", ""), min=0),
        lines("Retransmissions by state", "cps", (
            "Segments sent again, by the state of the connection and the kind.", "Near 0.", "SYN_SENT: peers do not answer."),
            ("rate(kernstat_tcp_retransmits_total{$S}[$R])", "{{state}} {{kind}} {{instance}}"), min=0),
        lines("Resets", "cps", (
            "Connections that ended by a reset, by direction and reason.", "Few.", "Sent: a program closes early, or a port is closed."),
            ("sum by (instance, direction, reason) (rate(kernstat_tcp_resets_total{$S}[$R]))", "{{direction}} {{reason}} {{instance}}"), min=0),
        lines("Listen queues", "cps", (
            "Connections dropped because the accept queue was full.", "0.", "The program does not accept, or its backlog is small."),
            ("rate(node_netstat_TcpExt_ListenOverflows{$S}[$R])", "overflows {{instance}}"),
            ("rate(node_netstat_TcpExt_ListenDrops{$S}[$R])", "drops {{instance}}"), min=0),
        lines("Fill of accept queues", "percentunit", (
            "Waiting connections as a part of the backlog, by port.", "Below 0.1.", "Near 1 connections are dropped."),
            ("kernstat_tcp_accept_queue_connections{$S} / (kernstat_tcp_accept_queue_limit{$S} > 0)", "{{port}} {{instance}}"), **RATIO),
        lines("Sockets by state", "short", (
            "TCP sockets by state.", "Mostly established.", "close_wait that grows: a program forgets to close."),
            ("kernstat_tcp_sockets{$S}", "{{state}} {{family}} {{instance}}"), stacked=True, min=0),
        tail("Life of connections", "s", (
            "How long connections lasted.", "Depends on the work.", "Milliseconds: keep connections open."),
            "kernstat_tcp_connection_duration_seconds", "{{role}} {{instance}}"),
        tail("Name lookups", "s", (
            "How long programs waited for getaddrinfo and its like (tool gethostlatency, off by default).", "p99 below 0.1 s.",
            "Whole seconds: the first server does not answer, the next one is asked."),
            "kernstat_dns_lookup_duration_seconds", "{{call}} {{result}} {{instance}}"),
        lines("UDP errors", "cps", (
            "Datagrams dropped for full buffers, and sent to no one.", "Near 0.", "A reader that is too slow: `ss -uanm`."),
            ("rate(node_netstat_Udp_RcvbufErrors{$S}[$R])", "receive buffer {{instance}}"),
            ("rate(node_netstat_Udp_NoPorts{$S}[$R])", "no port {{instance}}"), min=0),
        lines("Tracked connections", "percentunit", (
            "Fill of the connection tracking table.", "Below 0.75.", "Full: new connections vanish."),
            ("node_nf_conntrack_entries{$S} / (node_nf_conntrack_entries_limit{$S} > 0)", ""), **RATIO),
    ])


def packets():
    return dashboard("packets", "kernstat / Packets", "Interfaces, their load, and where packets are lost.", [
        lines("Received", "Bps", (
            "Bytes received a second.", "Well below the speed of the link.", "Find the peer: `ss -ti`, `iftop`."),
            (f"rate(node_network_receive_bytes_total{{$S,{D}}}[$R])", "{{device}} {{instance}}"), min=0),
        lines("Sent", "Bps", (
            "Bytes sent a second.", "Well below the speed of the link.", "Find the peer: `ss -ti`, `iftop`."),
            (f"rate(node_network_transmit_bytes_total{{$S,{D}}}[$R])", "{{device}} {{instance}}"), min=0),
        heat("Received each second", "Bps", (
            "How often which rate was received.", "A band.", "A second band at the link's speed is bursts that averages hide."),
            "kernstat_network_receive_bytes_per_second", D),
        heat("Sent each second", "Bps", (
            "How often which rate was sent.", "A band.", "A second band at the link's speed is bursts that averages hide."),
            "kernstat_network_transmit_bytes_per_second", D),
        lines("The busiest seconds", "Bps", (
            "99th percentile of the rates of single seconds.", "Well below the speed of the link.", "Far above the average: bursts."),
            (f"instance:kernstat_network_receive_bytes_per_second:p99{{$S,{D}}}", "in {{device}} {{instance}}"),
            (f"instance:kernstat_network_transmit_bytes_per_second:p99{{$S,{D}}}", "out {{device}} {{instance}}"), min=0),
        lines("Packets", "pps", (
            "Packets a second.", "Steady.", "Many small ones cost CPU: see softirq in CPU and scheduler."),
            (f"rate(node_network_receive_packets_total{{$S,{D}}}[$R])", "in {{device}} {{instance}}"),
            (f"-rate(node_network_transmit_packets_total{{$S,{D}}}[$R])", "out {{device}} {{instance}}")),
        lines("Dropped by interfaces", "pps", (
            "Packets that the interface or its driver dropped.", "Near 0.", "Full rings: `ethtool -g`, `ethtool -S`."),
            (f"rate(node_network_receive_drop_total{{$S,{D}}}[$R])", "in {{device}} {{instance}}"),
            (f"rate(node_network_transmit_drop_total{{$S,{D}}}[$R])", "out {{device}} {{instance}}"), min=0),
        lines("Broken packets", "pps", (
            "Packets with errors.", "0.", "Cable, plug, optics."),
            (f"rate(node_network_receive_errs_total{{$S,{D}}}[$R])", "in {{device}} {{instance}}"),
            (f"rate(node_network_transmit_errs_total{{$S,{D}}}[$R])", "out {{device}} {{instance}}"), min=0),
        lines("Dropped for want of time", "pps", (
            "Packets that a CPU could not take, and times it had to stop early.", "0; squeezed now and then.",
            "Spread the interface's queues over more CPUs."),
            ("sum by (instance) (rate(node_softnet_dropped_total{$S}[$R]))", "dropped {{instance}}"),
            ("sum by (instance) (rate(node_softnet_times_squeezed_total{$S}[$R]))", "squeezed {{instance}}"), min=0),
        lines("Dropped by the kernel", "pps", (
            "Packets that somebody wanted, by the kernel's reason.", "Near 0.", "The reason names the cause; see KernstatPacketDrops."),
            ("sum by (instance, reason) (rate(kernstat_net_packet_drops_by_reason_total{$S}[$R]))", "{{reason}} {{instance}}"),
            min=0),
        lines("Waiting in queueing disciplines", "s", (
            "How long packets wait before the interface takes them (p99; tool qdisclat, off by default).", "Below 0.01 s.",
            "A buffer that is too large: fq_codel."),
            (f"instance:kernstat_net_qdisc_delay_seconds:p99{{$S,{D}}}", "{{kind}} {{device}} {{instance}}"), min=0),
        lines("Packets by CPU", "pps", (
            "Packets that each CPU processed.", "Even.", "All on one CPU: spread queues and interrupts."),
            ("rate(node_softnet_processed_total{$S}[$R])", "{{cpu}} {{instance}}"), stacked=True, min=0),
        table("Links", "short", (
            "1 for an interface that is up.", "1.", "Cable, switch, or taken down."),
            f'node_network_up{{$S,{D},device!="lo"}}'),
        lines("Changes of the link", "short", (
            "Times a link went up or down in each interval.", "0.", "Cable, optics, switch port."),
            (f"increase(node_network_carrier_changes_total{{$S,{D}}}[$R])", "{{device}} {{instance}}"), min=0),
    ], [INTERFACE])
