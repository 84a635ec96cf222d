#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# ctest: label=live
"""Requests to a loop device of our own: exactly those are counted, with their bytes."""
import contextlib
import mmap
import os
import re
import tempfile
import time

from common import BLOCK, LoopDevice, read_blocks, write_blocks
from common_cgroup import SlowDisk
from harness import Tool, at_least, expect, in_lab, main, other_collector, own_tool

NAME = "kernstat_block_io_duration_seconds"
BYTES = "kernstat_block_io_size_bytes_sum"
COUNT = 37
PIECE = 64 << 10
BYTES_A_SECOND = 16 * PIECE


def counts_each_request(tool):
    with LoopDevice() as loop:
        before = tool.scrape()
        write_blocks(loop.node, COUNT)
        after = tool.scrape()
        where = {"device": loop.name, "operation": "write"}
        expect(after.delta(before, NAME + "_count", stage="total", **where), COUNT, "requests")
        expect(after.delta(before, BYTES, **where), COUNT * BLOCK, "bytes")
        seconds = after.delta(before, NAME + "_sum", stage="total", **where)
        assert 0 < seconds < COUNT, f"{seconds} s for {COUNT} requests"
        expect(sum(after.histogram(NAME, stage="total", **where).values()),
               after.sum(NAME + "_count", stage="total", **where), "buckets")
        expect(after.lost(), 0, "lost")


def other_drivers(tool):
    """The disks of a lab: virtio-scsi and NVMe."""
    for name in ("sda", "nvme0n1") if in_lab() else ():
        before = tool.scrape()
        write_blocks("/dev/" + name, COUNT)
        after = tool.scrape()
        where = {"device": name, "operation": "write"}
        expect(after.delta(before, NAME + "_count", stage="total", **where), COUNT, name)
        expect(after.delta(before, BYTES, **where), COUNT * BLOCK, name)


def a_limit_of_a_cgroup_is_in_the_times(tool):
    """io.max of a cgroup: who reads a loop device waits for the disk below as long as the limit says."""
    if not in_lab():
        return
    with LoopDevice(direct=True) as loop, SlowDisk("/var/tmp", BYTES_A_SECOND) as group, other_collector("pressure") as stalls:
        write_blocks(loop.node, COUNT, PIECE, 1)
        before, stalled_before = tool.scrape(), stalls.scrape()
        with group.entered():
            begin = time.monotonic()
            read_blocks(loop.node, COUNT, PIECE, 1)
            elapsed = time.monotonic() - begin
        after, stalled = tool.scrape(), stalls.scrape()
        where = {"device": loop.name, "operation": "read", "stage": "total"}
        expect(after.delta(before, NAME + "_count", **where), COUNT, "reads")
        seconds = after.delta(before, NAME + "_sum", **where)
        at_least(seconds, 0.8 * COUNT * PIECE / BYTES_A_SECOND, "seconds")
        assert seconds <= elapsed, f"{seconds} s within {elapsed} s"
        # The kernel weighs the CPUs by what they did besides.
        at_least(stalled.delta(stalled_before, "node_pressure_io_waiting_seconds_total"), 0.25 * seconds, "seconds of pressure")


@contextlib.contextmanager
def scheduled(name):
    """Requests wait in a scheduler: without one they are issued at once, without an insert."""
    path = f"/sys/block/{name}/queue/scheduler"
    with open(path, encoding="ascii") as file:
        before = re.search(r"\[(.*)\]", file.read()).group(1)
    try:
        with open(path, "w", encoding="ascii") as file:
            file.write("mq-deadline")
        yield
    finally:
        with open(path, "w", encoding="ascii") as file:
            file.write(before)


def stages_work_with_stamps(_):
    """Where requests lack the kernel's times, the hooks on insert and issue take over once that was seen."""
    with Tool("biolatency", only_stamps=1) as tool, LoopDevice() as loop, scheduled(loop.name):
        write_blocks(loop.node, COUNT)
        assert has_stamps(tool), "no hook on issue"
        before = tool.scrape()
        write_blocks(loop.node, COUNT)
        after = tool.scrape()
        for stage in ("total", "device"):
            where = {"device": loop.name, "operation": "write", "stage": stage}
            expect(after.delta(before, NAME + "_count", **where), COUNT, stage)
        for hook in ("on_insert", "on_issue"):
            runs = sum(after.delta(before, "kernstat_bpf_program_runs_total", program=hook + which)
                       for which in ("_btf", "_raw", "_queue_btf", "_queue_raw"))
            at_least(runs, COUNT, hook)


def stamps_of_one_disk_leave_others_alone(_):
    """One disk lacks the times, the other has them or lacks them, too: both are counted by stage."""
    with LoopDevice() as loop, LoopDevice() as other:
        dev = os.stat(loop.node).st_rdev
        with Tool("biolatency", only_stamps=os.major(dev) << 20 | os.minor(dev)) as tool:
            for one in loop, other:
                write_blocks(one.node, COUNT)
            assert has_stamps(tool), "no hook on issue"
            before = tool.scrape()
            for one in loop, other, loop:
                write_blocks(one.node, COUNT)
            after = tool.scrape()
            for one, count in (loop, 2 * COUNT), (other, COUNT):
                for stage in ("total", "device"):
                    where = {"device": one.name, "operation": "write", "stage": stage}
                    expect(after.delta(before, NAME + "_count", **where), count, f"{one.name} {stage}")


def has_stamps(tool):
    tool.scrape()
    return ("tp_btf", "block_rq_issue") in tool.hooks() or ("raw_tp", "block_rq_issue") in tool.hooks()


@own_tool
def flushes_need_no_stamps(tool):
    """Where requests have the kernel's own stamps, those that flush a disk's cache do not change that."""
    with tempfile.NamedTemporaryFile(dir="/var/tmp", buffering=0) as file:
        os.truncate(file.name, 1 << 20)
        fd = os.open(file.name, os.O_RDWR | os.O_DIRECT)
        with mmap.mmap(-1, BLOCK) as buffer:
            for i in range(20):
                os.pwrite(fd, buffer, i * BLOCK)
                os.preadv(fd, [buffer], i * BLOCK)
        os.close(fd)
        if has_stamps(tool):
            print("biolatency: flushes are not tried, this disk or another in use needs the stamps anyway")
            return
        for _ in range(10):
            file.write(b"x")
            os.fsync(file.fileno())
        assert not has_stamps(tool), "a flush made the tool take stamps"


def forgets_removed_device(tool):
    with LoopDevice() as loop:
        write_blocks(loop.node, COUNT)
        assert tool.scrape().has(BYTES, device=loop.name)
    total = tool.scrape().sum(BYTES, operation="write")
    at_least(total, COUNT * BLOCK)


def costs_are_told(tool):
    with LoopDevice() as loop:
        before = tool.scrape()
        for _ in range(4):
            write_blocks(loop.node, COUNT)
        time.sleep(0.1)
        after = tool.scrape()
        runs = after.delta(before, "kernstat_bpf_program_runs_total", tool="biolatency")
        at_least(runs, 4 * COUNT, "runs")
        at_least(after.delta(before, "kernstat_bpf_program_run_seconds_total"), 1e-6, "seconds")


main("biolatency", counts_each_request, other_drivers, a_limit_of_a_cgroup_is_in_the_times, stages_work_with_stamps,
     stamps_of_one_disk_leave_others_alone, flushes_need_no_stamps, forgets_removed_device, costs_are_told)
