# SPDX-License-Identifier: Apache-2.0
"""Dashboards about memory, CPUs and the daemon itself."""
from panels import BAD, GOOD, POOR, dashboard, heat, lines, number, row, table, tail

RATIO = {"min": 0, "max": 1}
MIB = 1024 * 1024


def memory():
    return dashboard("memory", "kernstat / Memory", "Who has it, who wants it, and what it costs to get it.", [
        lines("Where memory is", "bytes", (
            "Memory by use; what is not shown is free or the kernel's.", "A large page cache is good.",
            "Anonymous memory that only grows is a leak; slab that only grows is one of the kernel's."),
            ("node_memory_AnonPages_bytes{$S}", "anonymous {{instance}}"),
            ("node_memory_Cached_bytes{$S} - node_memory_Shmem_bytes{$S}", "page cache {{instance}}"),
            ("node_memory_Shmem_bytes{$S}", "shared {{instance}}"),
            ("node_memory_Slab_bytes{$S}", "slab {{instance}}"),
            ("node_memory_MemFree_bytes{$S}", "free {{instance}}"), stacked=True, min=0),
        lines("Available, and committed", "bytes", (
            "Memory that programs can still get, and what the kernel has promised.", "Available above a tenth of all.",
            "Find what grew: `ps -eo rss,comm --sort=-rss`."),
            ("node_memory_MemAvailable_bytes{$S}", "available {{instance}}"),
            ("node_memory_MemTotal_bytes{$S}", "total {{instance}}"),
            ("node_memory_Committed_AS_bytes{$S}", "committed {{instance}}"), min=0),
        heat("Available memory each second", "percentunit", (
            "How often which share of memory was available.", "A narrow band.", "A band that sinks is a leak; short dips are bursts."),
            "kernstat_memory_available_ratio"),
        tail("Direct reclaim", "s", (
            "How long tasks freed memory themselves before they got some.", "Nothing, or below 0.01 s.",
            "Scope memcg: raise that cgroup's limit. Scope direct: the host is short of memory."),
            "kernstat_memory_reclaim_duration_seconds", "{{scope}} {{instance}}"),
        lines("Memory stalls", "percentunit", (
            "Share of time in which some tasks, or all, waited for memory.", "0.", "All (full) above 0.1 is thrashing: act."),
            ("rate(node_pressure_memory_waiting_seconds_total{$S}[$R])", "some {{instance}}"),
            ("rate(node_pressure_memory_stalled_seconds_total{$S}[$R])", "full {{instance}}"), min=0),
        lines("Major faults", "ops", (
            "Pages a second that had to be read from disk.", "Near 0 but after a start.", "The page cache was pushed out, or memory is short."),
            ("instance:node_major_faults:rate5m{$S}", ""), min=0),
        lines("Swap traffic", "ops", (
            "Pages a second that went out to swap and came back.", "Out now and then, in near 0.", "Both at once for long: KernstatSwapThrashing."),
            ("rate(node_vmstat_pswpin{$S}[$R])", "in {{instance}}"),
            ("-rate(node_vmstat_pswpout{$S}[$R])", "out {{instance}}")),
        lines("Dirty pages", "bytes", (
            "Data in memory that is not on disk yet, and what is on its way.", "Far below vm.dirty_ratio.",
            "Growing: the disk cannot follow; writers will be held back."),
            ("node_memory_Dirty_bytes{$S}", "dirty {{instance}}"),
            ("node_memory_Writeback_bytes{$S}", "being written {{instance}}"), min=0),
        lines("Memory won by reclaim", "Bps", (
            "Bytes a second that tasks freed themselves.", "0.", "The faster, the shorter memory is."),
            ("rate(kernstat_memory_reclaimed_bytes_total{$S}[$R])", "{{scope}} {{instance}}"), min=0),
        lines("OOM kills", "short", (
            "Tasks that the kernel killed for want of memory, in each interval.", "0.", "KernstatOomKill has a runbook."),
            ("increase(kernstat_memory_oom_kills_total{$S}[$R])", ""), min=0),
    ])


def cpu():
    return dashboard("cpu", "kernstat / CPU and scheduler", "Who uses the CPUs, and who waits for them.", [
        lines("CPU time by mode", "percentunit", (
            "Share of all CPU time by mode.", "User and system; iowait is idle time.",
            "Steal: the hypervisor. Softirq: the network. System: see CPU sampling (tool oncpu)."),
            ('avg by (instance, mode) (rate(node_cpu_seconds_total{$S,mode!="idle"}[$R]))', "{{mode}} {{instance}}"),
            stacked=True, **RATIO),
        heat("Busy CPUs each second", "percentunit", (
            "How often which share of all CPUs was busy.", "A band in the lower half.", "A second band at 1 is bursts that averages hide."),
            "kernstat_cpu_busy_ratio"),
        heat("The busiest CPU each second", "percentunit", (
            "How often which share of the busiest CPU was busy.", "Below 1.", "At 1 with idle CPUs: one thread or one interrupt is the limit."),
            "kernstat_cpu_busiest_ratio"),
        lines("The busiest CPU", "percentunit", (
            "Quantiles and mean of the busiest CPU.", "p50 well below 1.", "See which CPU in mpstat -P ALL."),
            ("instance:kernstat_cpu_busiest_ratio:p99{$S}", "p99 {{instance}}"),
            ("instance:kernstat_cpu_busiest_ratio:p50{$S}", "p50 {{instance}}"),
            ("instance:kernstat_cpu_busiest_ratio:mean{$S}", "mean {{instance}}"), **RATIO),
        heat("Tasks that run or want to", "short", (
            "How often how many tasks ran or waited for a CPU.", "Around the number of CPUs or below.", "Above: tasks queue."),
            "kernstat_tasks_running"),
        heat("Tasks blocked", "short", (
            "How often how many tasks waited in the kernel, mostly for disks.", "0 to a few.", "See Block I/O."),
            "kernstat_tasks_blocked"),
        lines("CPU stalls", "percentunit", (
            "Share of time in which some task waited for a CPU.", "Below 0.3.", "More CPUs, or fewer runnable tasks."),
            ("rate(node_pressure_cpu_waiting_seconds_total{$S}[$R])", ""), min=0),
        tail("Waiting in the run queue", "s", (
            "How long runnable tasks waited for a CPU (tool runqlat, off by default).", "p99 below 0.01 s.",
            "Limits of cgroups, pinning, or too few CPUs."),
            "kernstat_cpu_run_queue_wait_seconds", "{{class}} {{instance}}"),
        lines("Steal", "percentunit", (
            "Time in which this guest wanted a CPU and did not get it.", "Below 0.05.", "Move the guest, or reserve CPUs."),
            ("instance:node_cpu_steal:ratio_rate5m{$S}", "mean {{instance}}"),
            ("instance:kernstat_cpu_steal_ratio:p99{$S}", "p99 of seconds {{instance}}"), min=0),
        lines("Switches, interrupts, forks", "ops", (
            "Context switches, interrupts and new tasks a second.", "Steady.", "A jump without more work: a busy loop, a storm of interrupts, a shell loop."),
            ("rate(node_context_switches_total{$S}[$R])", "switches {{instance}}"),
            ("rate(node_intr_total{$S}[$R])", "interrupts {{instance}}"),
            ("rate(node_forks_total{$S}[$R])", "forks {{instance}}"), min=0),
    ])


def own():
    return dashboard("own", "kernstat / Cost and health", "What kernstatd costs, what it lost, what it cannot do.", [
        number("CPU time", "percentunit", (
            "What the daemon and its programs in the kernel use of one CPU.", "Below 0.015.", "See CPU by collector and by BPF tool."),
            "instance:kernstat_cpu_cost:ratio_rate5m{$S}", ((0.015, POOR), (0.02, BAD))),
        number("Memory", "bytes", (
            "Resident memory of the daemon.", "10 MiB without BPF, up to 25 MiB with every tool.", "See Series by collector."),
            "process_resident_memory_bytes{$S} and on (job, instance) kernstat_build_info{$S}", ((32 * MIB, POOR), (64 * MIB, BAD))),
        number("BPF maps", "bytes", (
            "Kernel memory of all maps.", "Below bpf.memory_limit.", "See Map fill."),
            "sum by (instance) (kernstat_bpf_map_bytes{$S})", ((32 * MIB, POOR),)),
        number("Scrape", "s", (
            "How long Prometheus waited for its last scrape.", "Below 0.05 s.", "A large scrape or a busy host."),
            "scrape_duration_seconds{$S} and on (job, instance) kernstat_build_info{$S}", ((0.1, POOR), (1, BAD))),
        number("Series", "short", (
            "Series in the last scrape.", "Below limits.series.", "See Series by collector."),
            "scrape_samples_scraped{$S} and on (job, instance) kernstat_build_info{$S}", ((15000, POOR), (20000, BAD))),
        number("Configuration", "short", (
            "1 when the last reading of the configuration succeeded.", "1.", "`kernstatd --check-config`."),
            "kernstat_config_last_reload_successful{$S}", ((1, GOOD),), base=BAD),
        table("Versions", "short", (
            "Which version runs where.", "One version.", "Finish the upgrade."), "kernstat_build_info{$S}", width=8),
        table("State of the collectors", "short", (
            "Each collector and tool that is on with its state.", "ok, and unsupported for absent hardware.",
            "denied: a capability is missing; failed, shed: the daemon's page says why."),
            'kernstat_collector_state{$S,state!="off"}', width=8),
        table("Hooks that could not be used", "short", (
            "Better hooks that this kernel refused, with the reason.", "Empty, or only better ones than the one used.",
            "A tool with no hook at all has an alert."), "kernstat_bpf_hook_unavailable{$S}", width=8),
        lines("CPU by collector", "percentunit", (
            "CPU time of each collector's reads.", "Each below 0.001.", "Lengthen its interval or turn it off."),
            ("rate(kernstat_collector_cpu_seconds_total{$S}[$R])", "{{collector}} {{instance}}"), min=0),
        lines("CPU by BPF tool", "percentunit", (
            "Time that the programs of each tool run in the kernel.", "Each below its budget, 0.01.", "It is shed above it."),
            ("instance_tool:kernstat_bpf_cost:ratio_rate5m{$S}", "{{tool}} {{instance}}"), min=0),
        lines("Series by collector", "short", (
            "Series that each collector gave to the last scrape.", "Steady.", "Growing: devices that come and go; exclude them."),
            ("kernstat_collector_series{$S}", "{{collector}} {{instance}}"), stacked=True, min=0),
        lines("Lost events", "ops", (
            "Events that a tool could not count, counted as other, or that the kernel skipped its program for.", "0.",
            "Full: raise max_series of the map. Missed: another tracer, or nested interrupts."),
            ("sum by (instance, tool) (rate(kernstat_bpf_lost_total{$S}[$R]))", "lost {{tool}} {{instance}}"),
            ("sum by (instance, tool) (rate(kernstat_bpf_map_full_total{$S}[$R]))", "full {{tool}} {{instance}}"),
            ("sum by (instance, tool) (rate(kernstat_bpf_program_misses_total{$S}[$R]))", "missed {{tool}} {{instance}}"), min=0),
        lines("Map fill", "percentunit", (
            "How full each map is that can fill up.", "Below 0.8.", "At 1 new series are counted as other."),
            ("kernstat_bpf_map_entries{$S} / kernstat_bpf_map_capacity{$S}", "{{tool}} {{map}} {{instance}}"), **RATIO),
        lines("Age of samples", "s", (
            "How old what a collector serves is.", "Below twice its interval.", "Its source does not answer."),
            ("kernstat_collector_sample_age_seconds{$S}", "{{collector}} {{instance}}"), min=0),
        lines("Missed reads and failures", "ops", (
            "Reads that could not begin in time, and reads that ended in an error, but for those of what this host does not have.",
            "0.", "Missed: the host is overloaded, or the collector too dear. Failed: see the daemon's page at /."),
            ("sum by (instance) (rate(kernstat_collector_ticks_missed_total{$S}[$R]))", "missed {{instance}}"),
            ("sum by (instance) (rate(kernstat_collector_failures_total{$S}[$R]) unless on (job, instance, collector)"
             ' kernstat_collector_state{$S,state=~"unsupported|denied|shed"})', "failed {{instance}}"), min=0),
        lines("Shed tools", "short", (
            "Tools that are detached because they cost too much.", "0.", "Raise bpf.budget, or turn the tool off."),
            ("kernstat_bpf_tool_shed{$S}", "{{tool}} {{instance}}"), min=0),
    ])
