#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Our BPF tools against the tools of the same name of Debian's libbpf-tools, one after the other under the same events.

    tests/bench/bpf_peers.py [--only TOOL,…]

Columns: nanoseconds by event of the programs of each, as the kernel counts them (kernel.bpf_stats_enabled), and their ratio;
then the CPU time by event of the peer's process, which is given each event or prints the whole each second. Ours reads its
maps every two seconds, whatever happens. Exit code 1: block latency takes more than a third of the peer's time."""
import argparse
import os
import shutil
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
os.environ.setdefault("KERNSTAT_BUILD", os.path.join(ROOT, "build", "dev"))

import bpf_stats  # noqa: E402
import stimuli  # noqa: E402
from bpf import quiet  # noqa: E402
from harness import SKIP, Tool  # noqa: E402
from scrape import cpu_seconds  # noqa: E402

BUDGET = 1 / 3
PATIENCE = 20
# Our tool, the peer's command, what happens, how it is made.
PEERS = (
    ("biolatency", ["biolatency", "--queued", "--disk", "3600", "1"], "block I/O", stimuli.block_reads),
    ("biolatency", ["bitesize", "3600", "1"], "block I/O", stimuli.block_reads),
    ("biolatency", ["biopattern", "3600", "1"], "block I/O", stimuli.block_reads),
    ("biolatency", ["biosnoop"], "block I/O", stimuli.block_reads),
    ("drsnoop", ["drsnoop"], "direct reclaim", stimuli.reclaims),
    ("filelife", ["filelife"], "deleted file", lambda: stimuli.files(stimuli.create_and_delete)),
    ("gethostlatency", ["gethostlatency"], "name looked up", stimuli.lookups),
    ("hardirqs", ["hardirqs", "3600", "1"], "block I/O", stimuli.block_reads),
    ("mountsnoop", ["mountsnoop"], "mount", stimuli.mounts),
    ("oomkill", ["oomkill"], "OOM kill", stimuli.oom_kills),
    ("opensnoop", ["opensnoop"], "open", stimuli.opens),
    ("runqlat", ["runqlat", "3600", "1"], "context switch", stimuli.switches),
    ("softirqtime", ["softirqs", "3600", "1"], "packet", stimuli.dropped_packets),
    ("softirqtime", ["softirqs", "--distributed", "3600", "1"], "packet", stimuli.dropped_packets),
    ("syncsnoop", ["syncsnoop"], "sync", lambda: stimuli.files(stimuli.sync_often, "/dev/shm")),
    ("tcpconnlat", ["tcpconnlat"], "connection", stimuli.connections),
    ("tcplife", ["tcplife"], "connection", stimuli.connections),
    ("tcpretrans", ["tcpretrans"], "retransmission", stimuli.retransmits),
    ("tcpstates", ["tcpstates"], "connection", stimuli.connections),
    ("tcpsynbl", ["tcpsynbl", "3600", "1"], "connection", stimuli.connections),
)


def of_ours(name, make):
    with quiet(), Tool(name, budget=100) as tool:
        return bpf_stats.by_programs(tool, make, None)[0]


def of_peer(command, make):
    """Nanoseconds by event of its programs and of its process, of the round in which the programs were disturbed least; or
    why there is none."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    try:
        end = time.monotonic() + PATIENCE
        while bpf_stats.of_process(process.pid)[0] == 0:
            if process.poll() is not None or time.monotonic() > end:
                return "it does not attach here"
            make()
        rounds = []
        for _ in range(bpf_stats.ROUNDS):
            spent, used = bpf_stats.of_process(process.pid)[1], cpu_seconds(process.pid)
            events = make()
            used = cpu_seconds(process.pid) - used
            rounds.append(((bpf_stats.of_process(process.pid)[1] - spent) / events, used / events * 1e9))
        return min(rounds)
    finally:
        process.terminate()
        process.stderr.close()
        process.wait(timeout=PATIENCE)


def line(name, command, event, make):
    """The ratio; None where there is no peer."""
    label = f"{name:15}{' '.join(command[:2] if command[-1].startswith('-') else command[:1]):16}{event:16}"
    program = shutil.which(command[0], path="/usr/sbin:/usr/bin")
    if program is None:
        print(f"{label}  libbpf-tools has none")
        return None
    theirs = of_peer([program, *command[1:]], make)
    if isinstance(theirs, str):
        print(f"{label}  {theirs}")
        return None
    ours = of_ours(name, make)
    programs, process = theirs
    print(f"{label}{ours:10.0f}{programs:10.0f}{ours / programs:8.2f}{process:12.0f}", flush=True)
    return ours / programs


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", help="these of our tools alone")
    only = parser.parse_args().only
    driver = os.path.join(os.environ["KERNSTAT_BUILD"], "tests/bpf/bpf_tool_driver")
    if os.geteuid() != 0 or not os.path.exists(driver) or not shutil.which("bpftool", path="/usr/sbin:/usr/bin"):
        print(f"needs root, bpftool and {driver}")
        return SKIP
    print(f"{'tool':15}{'peer':16}{'event':16}{'ours, ns':>10}{'peer, ns':>10}{'ratio':>8}{'peer process':>14}")
    over = False
    with bpf_stats.kernel_statistics():
        for name, command, event, stimulus in PEERS:
            if only and name not in only.split(","):
                continue
            try:
                with stimulus() as make:
                    ratio = line(name, command, event, make)
            except (SystemExit, AssertionError, OSError) as error:
                print(f"{name:15}{command[0]:16}not measured: {error}")
                continue
            if command[0] == "biolatency" and ratio is not None:
                over = ratio > BUDGET
    print("block latency takes " + ("MORE than" if over else "at most") + " a third of the peer's time")
    return 1 if over else 0


if __name__ == "__main__":
    sys.exit(main())
