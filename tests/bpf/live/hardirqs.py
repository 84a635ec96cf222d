#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# ctest: label=live
"""Interrupts of the disk, by their names, as often as /proc/interrupts says."""
import os
import re
import tempfile

from common import eventually, read_blocks, write_blocks
from harness import at_least, main, near, skip, slack

NAME = "kernstat_cpu_irq_seconds"
LINE = re.compile(r"^ *\d+:((?: +\d+)+) .* (\S+)$")


def interrupts():
    """Name of the action -> times, of the lines that have one action."""
    result = {}
    with open("/proc/interrupts", encoding="ascii") as file:
        for line in file:
            match = LINE.match(line.rstrip())
            if match and "," not in line:
                times = sum(map(int, match.group(1).split()))
                result[match.group(2)] = result.get(match.group(2), 0) + times
    return result


def make_interrupts():
    fd, path = tempfile.mkstemp(dir="/var/tmp")
    os.close(fd)
    write_blocks(path, 500, stride=1)
    read_blocks(path, 500, stride=1)
    os.unlink(path)


def agrees_with_proc_interrupts(tool):
    def once():
        before, listed = tool.scrape(), interrupts()
        make_interrupts()
        after, now = tool.scrape(), interrupts()
        moved = {name: now[name] - listed.get(name, 0) for name in now}
        busiest = max(moved, key=moved.get, default=None)
        if busiest is None or moved[busiest] < 100:
            skip("no device here interrupts")
        where = {"action": busiest[:31]}
        near(after.delta(before, NAME + "_count", **where), moved[busiest], 0.05, busiest)
        seconds = after.delta(before, NAME + "_sum", **where)
        assert 0 < seconds < 1 * slack(), f"{seconds} s"
        at_least(1, after.lost() + 1, "nothing lost")
    eventually(once)


main("hardirqs", agrees_with_proc_interrupts)
