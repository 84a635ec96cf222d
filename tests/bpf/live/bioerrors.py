#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# ctest: label=live
"""Requests fail on a loop device whose file has no more room."""
import mmap
import os
import shutil
import tempfile

from common import BLOCK, LoopDevice, full_device
from harness import at_least, expect, main, near, run

NAME = "kernstat_block_io_errors_total"


def failing_writes(node, count):
    failed = 0
    with mmap.mmap(-1, BLOCK) as buffer:
        fd = os.open(node, os.O_WRONLY | os.O_DIRECT)
        for i in range(count):
            try:
                os.pwrite(fd, buffer, i * 4 * BLOCK)
            except OSError:
                failed += 1
        os.close(fd)
    return failed


def counts_failed_requests(tool):
    with full_device() as loop:
        before = tool.scrape()
        failed = failing_writes(loop.node, 100)
        after = tool.scrape()
        at_least(failed, 30, "writes without room")
        expect(after.delta(before, NAME, device=loop.name, operation="write"), failed, "errors")
        status = {labels["status"] for labels, _ in after.select(NAME, device=loop.name, operation="write")}
        assert status <= {"ioerr", "nospc"}, status


def good_requests_are_no_errors(tool):
    with LoopDevice() as loop:
        before = tool.scrape()
        expect(failing_writes(loop.node, 20), 0, "failed writes")
        expect(tool.scrape().delta(before, NAME, device=loop.name), 0, "errors")


class Requeues:
    """The kernel's own record of the tracepoint, in an instance of our own."""

    path = f"/sys/kernel/tracing/instances/kernstat-{os.getpid()}"

    def set(self, file, value):
        with open(f"{self.path}/{file}", "w", encoding="ascii") as out:
            out.write(value)

    def __enter__(self):
        os.mkdir(self.path)
        self.set("buffer_size_kb", "16000")
        self.set("events/block/block_rq_requeue/enable", "1")
        return self

    def stop(self):
        self.set("events/block/block_rq_requeue/enable", "0")
        with open(self.path + "/trace", encoding="utf-8", errors="replace") as trace:
            return sum("block_rq_requeue:" in line for line in trace)

    def __exit__(self, *_):
        os.rmdir(self.path)
        return False


def requeues_agree_with_the_record(tool):
    """More and larger reads at a time than the ring of a virtio disk holds."""
    if shutil.which("fio") is None or not os.path.isdir(os.path.dirname(Requeues.path)):
        print("bioerrors: requeues are not tried, there is no fio or no tracefs")
        return
    with tempfile.NamedTemporaryFile(dir="/var/tmp") as file, Requeues() as record:
        before = tool.scrape()
        run("fio", "--name=x", "--filename=" + file.name, "--size=128m", "--bs=512k",
            "--iodepth=256", "--ioengine=libaio", "--direct=1", "--rw=randread", "--runtime=1",
            "--time_based")
        requeued = record.stop()
        counted = tool.scrape().delta(before, "kernstat_block_io_requeued_total")
        if requeued == 0:
            print("bioerrors: this disk requeues nothing")
        near(counted, requeued, 0.01, "requeues")


main("bioerrors", requeues_agree_with_the_record, counts_failed_requests, good_requests_are_no_errors)
