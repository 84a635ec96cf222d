#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# ctest: label=witness
"""Requests and bytes that biolatency counts, against the kernel's own disk statistics."""
import contextlib
import os
import random
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "bpf", "live"))
# pylint: disable=wrong-import-position
from common import BLOCK, LoopDevice, eventually, read_blocks, transfer, write_blocks
from harness import at_least, expect, main, near, run

COUNT = "kernstat_block_io_size_bytes_count"
BYTES = "kernstat_block_io_size_bytes_sum"
PATTERN = "kernstat_block_io_pattern_total"
SECTOR = 512


def disk_statistics(name):
    """/sys/block/NAME/stat: requests and bytes that completed, by operation."""
    with open(f"/sys/block/{name}/stat", encoding="ascii") as file:
        numbers = [int(number) for number in file.read().split()]
    return {
        "read": (numbers[0], numbers[2] * SECTOR),
        "write": (numbers[4], numbers[6] * SECTOR),
        "discard": (numbers[11], numbers[13] * SECTOR),
    }


def mixed_load(loop):
    write_blocks(loop.node, 200)
    read_blocks(loop.node, 150, 8 * BLOCK, stride=2)
    write_blocks(loop.node, 7, 128 * BLOCK, stride=1)
    # Through the page cache: merged, and written when the kernel likes.
    with open(loop.node, "r+b", buffering=0) as file:
        for _ in range(300):
            file.seek(random.randrange(0, 4000) * BLOCK)
            file.write(bytes(BLOCK))
        os.fsync(file)
    run("blkdiscard", "--offset", "0", "--length", str(1 << 20), loop.node, check=False)


def agrees_with_disk_statistics(tool):
    with LoopDevice() as loop:
        def once():
            before, listed = tool.scrape(), disk_statistics(loop.name)
            mixed_load(loop)
            after, now = tool.scrape(), disk_statistics(loop.name)
            at_least(now["read"][0] - listed["read"][0], 150, "reads")
            at_least(now["write"][0] - listed["write"][0], 207, "writes")
            for operation in ("read", "write", "discard"):
                where = {"device": loop.name, "operation": operation}
                moved = [b - a for a, b in zip(listed[operation], now[operation])]
                expect(after.delta(before, COUNT, **where), moved[0], operation + " requests")
                expect(after.delta(before, BYTES, **where), moved[1], operation + " bytes")
            expect(after.lost(), 0, "lost")
        eventually(once)


def within_the_device_is_part_of_all(before, after, name, operation):
    seconds = {stage: after.delta(before, "kernstat_block_io_duration_seconds_sum", device=name,
                                  operation=operation, stage=stage)
               for stage in ("total", "device")}
    assert seconds["device"] <= seconds["total"], f"{name} {operation}: {seconds}"


def the_busy_disk_agrees_too(tool):
    """The disk below everything else, which others use meanwhile."""
    names = [name for name in os.listdir("/sys/block")
             if os.path.exists(f"/sys/block/{name}/device")]
    with LoopDevice() as loop:
        def once():
            before = tool.scrape()
            listed = {name: disk_statistics(name) for name in names}
            write_blocks(loop.path, 400)
            read_blocks(loop.path, 400)
            now = {name: disk_statistics(name) for name in names}
            after = tool.scrape()
            for name in names:
                for operation in ("read", "write"):
                    moved = now[name][operation][0] - listed[name][operation][0]
                    if moved > 300:
                        near(after.delta(before, COUNT, device=name, operation=operation), moved,
                             0.02, f"{name} {operation}")
                    within_the_device_is_part_of_all(before, after, name, operation)
        eventually(once)


@contextlib.contextmanager
def completions_on_one_cpu(name):
    """Requests complete on the very CPU that made them, and this process stays on one."""
    path = f"/sys/block/{name}/queue/rq_affinity"
    cpus = os.sched_getaffinity(0)
    with open(path, encoding="ascii") as file:
        before = file.read()
    try:
        with open(path, "w", encoding="ascii") as file:
            file.write("2")
        os.sched_setaffinity(0, {min(cpus)})
        yield
    finally:
        os.sched_setaffinity(0, cpus)
        with open(path, "w", encoding="ascii") as file:
            file.write(before)


def patterns_are_told_apart(tool):
    with LoopDevice() as loop, completions_on_one_cpu(loop.name):
        def once():
            before = tool.scrape()
            transfer(loop.node, os.O_RDONLY, 100, BLOCK, 1,
                     lambda fd, buffer, at: os.preadv(fd, [buffer], at))
            middle = tool.scrape()
            read_blocks(loop.node, 100, stride=7)
            after = tool.scrape()
            where = {"device": loop.name, "operation": "read"}
            # The first one follows nothing.
            at_least(middle.delta(before, PATTERN, pattern="sequential", **where), 90, "sequential")
            at_least(after.delta(middle, PATTERN, pattern="random", **where), 100, "random")
        eventually(once)


main("biolatency", agrees_with_disk_statistics, the_busy_disk_agrees_too, patterns_are_told_apart)
