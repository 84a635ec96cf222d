#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# ctest: label=witness
"""OOM kills that oomkill counts, against vmstat."""
import os
import signal
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "bpf", "live"))
# pylint: disable=wrong-import-position
from common import MemoryCgroup, eventually, vmstat
from harness import at_least, expect, main

TOTAL = "kernstat_memory_oom_kills_total"
KILLS = 12

FILL = """
memory = []
while True: memory.append(bytearray(1 << 20))
"""


def agrees_with_vmstat(tool):
    def once():
        before, listed = tool.scrape(), vmstat("oom_kill")
        with MemoryCgroup(24 << 20) as group:
            for _ in range(KILLS // 3):
                # Several at a time: the kernel picks.
                victims = [group.start(FILL) for _ in range(3)]
                for victim in victims:
                    expect(victim.wait(timeout=60), -signal.SIGKILL, "exit code")
        after, now = tool.scrape(), vmstat("oom_kill")
        at_least(now - listed, KILLS, "kills by vmstat")
        expect(after.delta(before, TOTAL), now - listed, "kills")
        expect(after.lost(), 0, "lost")
    eventually(once)


main("oomkill", agrees_with_vmstat)
