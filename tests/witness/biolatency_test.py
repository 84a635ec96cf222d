#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# ctest: label=witness timeout=60
"""The latency histogram against that of another tool of this name (libbpf-tools) beside it.

Both time from issue to completion. The other's buckets end at powers of two of a microsecond, ours
at powers of two of a second: the counts up to one of ours lie between those up to the other's two
neighbours."""
import os
import re
import shutil
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "bpf", "live"))
# pylint: disable=wrong-import-position
from common import BLOCK, LoopDevice, eventually, read_blocks, write_blocks
from harness import at_least, main, near, skip

NAME = "kernstat_block_io_duration_seconds"
ROW = re.compile(r"^ *(\d+) -> (\d+) +: (\d+) ")
EVENTS = 3000


def cumulative(text):
    """Microseconds -> events that took less."""
    result, total = {}, 0
    for line in text.splitlines():
        match = ROW.match(line)
        if match:
            total += int(match.group(3))
            result[int(match.group(2)) + 1] = total
    return result


def load(loop):
    for size in (1, 4, 16, 64):
        write_blocks(loop.node, EVENTS // 8, size * BLOCK, stride=1)
        read_blocks(loop.node, EVENTS // 8, size * BLOCK, stride=1)


def observe(tool, loop, program):
    # need_stamps: loop devices keep no time of issue.
    write_blocks(loop.node, 5)
    tool.scrape()
    with subprocess.Popen([program, "-d", loop.name, "6", "1"], stdout=subprocess.PIPE,
                          text=True) as other:
        time.sleep(2)
        if other.poll() is not None:
            skip("the other biolatency does not run here")
        before = tool.scrape()
        load(loop)
        after = tool.scrape()
        text = other.communicate(timeout=30)[0]
    return before, after, cumulative(text)


def compare(before, after, theirs, loop):
    where = {"device": loop.name, "stage": "device"}
    total = after.delta(before, NAME + "_count", **where)
    at_least(total, EVENTS, "events")
    assert theirs, "the other printed no histogram"
    slack = 0.01 * total
    near(max(theirs.values()), total, 0.01, "the other's events")
    earlier, up_to = before.histogram(NAME, **where), 0
    for bound, count in sorted(after.histogram(NAME, **where).items()):
        up_to += count - earlier.get(bound, 0)
        microseconds = bound * 1e6
        least = max((n for us, n in theirs.items() if us <= microseconds), default=0)
        most = min((n for us, n in theirs.items() if us >= microseconds), default=total)
        assert least - slack <= up_to <= most + slack, (
            f"up to {bound} s: {up_to} events, the other has {least} to {most}")


def agrees_with_the_other(tool):
    program = shutil.which("biolatency") or "/usr/sbin/biolatency"
    if not os.access(program, os.X_OK):
        skip("no libbpf-tools")
    with LoopDevice(mib=128) as loop:
        eventually(lambda: compare(*observe(tool, loop, program), loop))


main("biolatency", agrees_with_the_other)
