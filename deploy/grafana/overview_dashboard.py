# SPDX-License-Identifier: Apache-2.0
"""The dashboard to begin with. It fits on one screen: 21 of Grafana's lines, about 800 pixels."""
from panels import BAD, GOOD, POOR, dashboard, lines, link_to, number

RATIO = {"min": 0, "max": 1}
# Somebody waits for reads and writes; a loop device only shows what it does to the disk below.
DISKS = 'stage="total",operation=~"read|write",device!~"loop.*"'
LINKS = {"memory": "Memory", "cpu": "CPU and scheduler", "block": "Block I/O", "filesystems": "File systems",
         "tcp": "TCP and sockets", "packets": "Packets", "own": "Cost and health"}


def leads_to(name, panel):
    panel["links"] = [link_to(name, LINKS[name])]
    return panel


def small(name, *arguments, **more):
    made = number(*arguments, width=3, height=3, **more)
    return leads_to(name, made) if name else made


def curve(name, *arguments, **more):
    return leads_to(name, lines(*arguments, width=6, height=6, **more))


def numbers():
    """Is it bad, and where: the worst of the hosts that are chosen."""
    return [
        small(None, "Alerts", "short", (
            "Alerts that fire for these hosts, but for those that only inform.", "0.",
            "Alerting in Prometheus lists them; each has a runbook."),
            'count(ALERTS{$S,alertstate="firing",severity!="info"}) or vector(0)', ((1, BAD),), legend="firing"),
        small("own", "Hosts down", "short", (
            "Targets that could not be scraped.", "0.", "`systemctl status kernstat`; see the alert KernstatDown."),
            "count(up{$S} == 0) or vector(0)", ((1, BAD),), legend="down"),
        small(None, "Up for", "dtdurations", (
            "Time since the boot of the host that booted last.", "Days.",
            "An unexpected restart: `last -x`, `journalctl -b -1 -p err`."),
            "bottomk(1, time() - node_boot_time_seconds{$S})", ((3600, GOOD),), base=POOR, worst=True),
        small("cpu", "CPU busy", "percentunit", (
            "Share of CPU time that is not idle, on the busiest host.", "Below 0.8 over minutes.", "`pidstat -u 1 5`."),
            "topk(1, instance:node_cpu_busy:ratio_rate5m{$S})", ((0.8, POOR), (0.95, BAD)), worst=True, **RATIO),
        small("memory", "Memory available", "percentunit", (
            "Memory that programs can still get without swapping, on the host that has least.", "Above 0.1.",
            "`ps -eo rss,pid,comm --sort=-rss | head`."),
            "bottomk(1, instance:node_memory_available:ratio{$S})", ((0.05, POOR), (0.1, GOOD)), base=BAD, worst=True, **RATIO),
        small("block", "Slowest disk (p99)", "s", (
            "99th percentile of reads or writes, of the slowest device.", "Below 0.05 s, on SSDs below 0.01 s.", "`iostat -xz 1 5`."),
            f'topk(1, instance:kernstat_block_io_duration_seconds:p99{{$S,{DISKS}}} >= 0)', ((0.05, POOR), (0.5, BAD)),
            legend="{{device}} {{operation}} {{instance}}", worst=True),
        small("filesystems", "Fullest file system", "percentunit", (
            "The part of the fullest file system that is used, of those that can be written.", "Below 0.8.",
            "`du -xh --max-depth=2 MOUNTPOINT | sort -h | tail`."),
            "topk(1, instance:node_filesystem_used:ratio{$S}"
            " and on (job, instance, device, mountpoint) node_filesystem_readonly{$S} == 0)",
            ((0.8, POOR), (0.9, BAD)), legend="{{mountpoint}} {{instance}}", worst=True, **RATIO),
        small("own", "Collectors that fail", "short", (
            "Collectors and tools in the state failed: what they measure is missing here.", "0.",
            "The page of the daemon at / shows the error."),
            'count(kernstat_collector_state{$S,state="failed"}) or vector(0)', ((1, BAD),), legend="failed"),
    ]


def curves():
    """Since when, and what else moved at that time."""
    return [
        curve("cpu", "Stalls", "percentunit", (
            "Share of time in which some task waited for CPU, memory or I/O.", "Near 0; CPU may be higher on busy hosts.",
            "The resource that rises is the one that is short."),
            ("rate(node_pressure_cpu_waiting_seconds_total{$S}[$R])", "cpu {{instance}}"),
            ("rate(node_pressure_memory_waiting_seconds_total{$S}[$R])", "memory {{instance}}"),
            ("rate(node_pressure_io_waiting_seconds_total{$S}[$R])", "io {{instance}}"), min=0),
        curve("cpu", "CPU busy", "percentunit", (
            "The busiest of all seconds (p99) and the mean, from one observation a second.", "p99 below 1.",
            "Bursts that averages hide: compare with latencies of the same time."),
            ("instance:kernstat_cpu_busy_ratio:p99{$S}", "p99 {{instance}}"),
            ("instance:kernstat_cpu_busy_ratio:mean{$S}", "mean {{instance}}"), **RATIO),
        curve("cpu", "Load per CPU", "short", (
            "Tasks that run or wait in the kernel, averaged over 1 and 15 minutes, for each CPU.", "Below 1.",
            "Higher with idle CPUs means that tasks wait for disks."),
            ("node_load1{$S} / on (job, instance) instance:node_num_cpus:count{$S}", "1 min {{instance}}"),
            ("node_load15{$S} / on (job, instance) instance:node_num_cpus:count{$S}", "15 min {{instance}}"), min=0),
        curve("memory", "Memory", "bytes", (
            "Memory that programs can still get, and swap in use.", "Steady.",
            "Available sinks: something grows. Swap in use alone is harmless, swapping is not."),
            ("node_memory_MemAvailable_bytes{$S}", "available {{instance}}"),
            ("node_memory_SwapTotal_bytes{$S} - node_memory_SwapFree_bytes{$S}", "swap used {{instance}}"), min=0),
        curve("block", "Disk latency (p99)", "s", (
            "99th percentile of reads and writes, by device.", "Below 0.05 s.", "Slow with little load: the device, or its neighbours."),
            (f"instance:kernstat_block_io_duration_seconds:p99{{$S,{DISKS}}}",
             "{{device}} {{operation}} {{instance}}"), min=0),
        curve("block", "Disks busy", "percentunit", (
            "Part of the time in which the device had something to do.", "Below 0.8.", "`pidstat -d 1 5` names who reads and writes."),
            ("instance_device:node_disk_busy:ratio_rate5m{$S}", "{{device}} {{instance}}"), **RATIO),
        curve("filesystems", "File systems used", "percentunit", (
            "The part of each file system that is used.", "Below 0.8, without a slope.", "A steep slope is a log or a dump."),
            ("instance:node_filesystem_used:ratio{$S}", "{{mountpoint}} {{instance}}"), **RATIO),
        curve("packets", "Network", "Bps", (
            "Bytes received (above) and sent (below) a second.", "Well below the speed of the link.", "`ss -ti` shows the peers."),
            ("rate(node_network_receive_bytes_total{$S,device!='lo'}[$R])", "in {{device}} {{instance}}"),
            ("-rate(node_network_transmit_bytes_total{$S,device!='lo'}[$R])", "out {{device}} {{instance}}")),
        curve("packets", "Packets lost", "pps", (
            "Packets that the kernel dropped though somebody wanted them, and those with errors.", "Near 0.",
            "The dashboard has the kernel's reasons."),
            ("rate(kernstat_net_packet_drops_total{$S}[$R])", "dropped {{instance}}"),
            ("sum by (instance) (rate(node_network_receive_errs_total{$S}[$R])) + sum by (instance) (rate(node_network_transmit_errs_total{$S}[$R]))",
             "broken {{instance}}"), min=0),
        curve("tcp", "TCP retransmissions", "percentunit", (
            "Share of the segments sent that were sent again.", "Below 0.01.", "Loss on the way: one peer or all? `ss -ti`."),
            ("instance:node_netstat_Tcp_RetransSegs:ratio_rate5m{$S}", ""), min=0),
        curve("tcp", "Connections that fail", "cps", (
            "SYNs that had to be sent again, and connections dropped here because nobody accepted them.", "0.",
            "SYNs: a peer is down or a firewall drops. Dropped here: a program hangs, `ss -ltn`."),
            ("rate(node_netstat_TcpExt_TCPSynRetrans{$S}[$R])", "SYN again {{instance}}"),
            ("rate(node_netstat_TcpExt_ListenOverflows{$S}[$R])", "not accepted {{instance}}"), min=0),
        curve("memory", "What went wrong", "short", (
            "OOM kills, failed block requests, failed fsyncs and hung tasks, in each interval.", "0.",
            "Each has an alert with a runbook; `journalctl -k -p err`."),
            ("increase(kernstat_memory_oom_kills_total{$S}[$R])", "OOM kills {{instance}}"),
            ('sum by (instance) (increase(kernstat_block_io_errors_total{$S,status!="notsupp"}[$R]))', "I/O errors {{instance}}"),
            ("sum by (instance) (increase(kernstat_fs_sync_errors_total{$S}[$R]))", "fsync errors {{instance}}"),
            ("increase(node_kernel_hung_tasks_total{$S}[$R])", "hung tasks {{instance}}"), min=0),
    ]


def overview():
    return dashboard("overview", "kernstat / Host overview", "The first ten questions at three in the morning, on one screen.",
                     numbers() + curves())
