# SPDX-License-Identifier: Apache-2.0
"""What each BPF tool is measured with, and how often that happens on three hosts."""
import dataclasses
import typing

import stimuli

# Events a second on an idle, a busy and an extreme host.
RATES = {
    "block I/O": (50, 20_000, 200_000),
    # The disks of the busy host have requests; zram, dm and md have bios besides.
    "bio of zram or dm": (0, 2_000, 200_000),
    "failed block I/O": (0, 10, 1_000),
    "connection": (1, 2_000, 20_000),
    "refused connection": (0.1, 100, 5_000),
    "retransmission": (0.1, 200, 10_000),
    "context switch": (500, 50_000, 500_000),
    "packet": (100, 100_000, 1_000_000),
    "dropped packet": (1, 1_000, 100_000),
    "system call": (1_000, 200_000, 2_000_000),
    "open": (20, 10_000, 100_000),
    "mount": (0.01, 1, 50),
    "deleted file": (1, 1_000, 20_000),
    "sync": (1, 500, 5_000),
    "journal commit": (0.2, 20, 200),
    "flusher pass": (0.2, 20, 200),
    "direct reclaim": (0, 100, 10_000),
    "OOM kill": (0, 0.1, 10),
    "page fault": (500, 50_000, 500_000),
    "soft interrupt": (500, 50_000, 500_000),
    "hard interrupt": (200, 20_000, 300_000),
    # 4, 16 and 128 CPUs
    "sample of a CPU": (4 * 49, 16 * 49, 128 * 49),
    "name looked up": (0.1, 200, 5_000),
    "walk over 1000 sockets, 15 s": (1 / 15, 1 / 15, 1 / 15),
    "walk over 1000 sockets, 30 s": (1 / 30, 1 / 30, 1 / 30),
}


@dataclasses.dataclass
class Case:
    event: str
    stimulus: typing.Callable
    # Runs of programs by event, where others on this host make such events too; None: the stimulus knows their number.
    runs: int | None = None
    # "programs": their run time as the kernel counts it. "caller": how much longer the caller takes, where most of the
    # price is the hook and not the program. "reader": CPU time of the process that reads the tool, for iterators.
    clock: str = "programs"


CASES = {
    "biolatency": [Case("block I/O", stimuli.block_reads)],
    "biodevices": [Case("bio of zram or dm", stimuli.bios)],
    "bioerrors": [Case("failed block I/O", stimuli.block_errors)],
    "drsnoop": [Case("direct reclaim", stimuli.reclaims, runs=2)],
    "filelife": [Case("deleted file", lambda: stimuli.files(stimuli.create_and_delete))],
    "gethostlatency": [Case("name looked up", stimuli.lookups, clock="caller")],
    "hardirqs": [Case("hard interrupt", stimuli.block_reads, runs=2)],
    "jbd2": [Case("journal commit", lambda: stimuli.files(stimuli.sync_often), runs=1)],
    "mountsnoop": [Case("mount", stimuli.mounts), Case("system call", stimuli.system_calls, clock="caller")],
    "nettx": [Case("packet", stimuli.packets)],
    "oncpu": [Case("sample of a CPU", stimuli.seconds, runs=1)],
    "oomkill": [Case("OOM kill", stimuli.oom_kills, runs=1)],
    "opensnoop": [Case("open", stimuli.opens, runs=1), Case("system call", stimuli.system_calls, clock="caller")],
    "pagefaults": [Case("page fault", stimuli.page_faults, runs=1)],
    "qdisclat": [Case("packet", stimuli.packets)],
    "runqlat": [Case("context switch", stimuli.switches, runs=1)],
    "skbdrop": [Case("dropped packet", stimuli.dropped_packets, runs=1), Case("connection", stimuli.connections)],
    "softirqtime": [Case("soft interrupt", stimuli.dropped_packets, runs=2)],
    "syncsnoop": [Case("sync", lambda: stimuli.files(stimuli.sync_often, "/dev/shm"), runs=2)],
    "tcpconnlat": [Case("connection", stimuli.connections)],
    "tcplife": [Case("connection", stimuli.connections)],
    "tcpresets": [Case("refused connection", stimuli.refused_connections)],
    "tcpretrans": [Case("retransmission", stimuli.retransmits, runs=1)],
    "tcpsockets": [Case("walk over 1000 sockets, 30 s", stimuli.sockets, clock="reader")],
    "tcpstates": [Case("connection", stimuli.connections)],
    "tcpsynbl": [Case("connection", stimuli.connections),
                 Case("walk over 1000 sockets, 15 s", stimuli.sockets, clock="reader")],
    "writeback": [Case("flusher pass", lambda: stimuli.files(stimuli.write_back))],
}
