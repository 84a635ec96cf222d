#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# ctest: label=live
"""Requests fail on a loop device whose file has no more room."""
import glob
import mmap
import os
import shutil
import tempfile
import time

import common_record as record
from common import BLOCK, LoopDevice, full_device
from common_forced import forced
from harness import at_least, expect, in_lab, main, near, run

NAME = "kernstat_block_io_errors_total"
REQUEUED = "kernstat_block_io_requeued_total"
REQUEUE = "block/block_rq_requeue"


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


def requeues_agree_with_the_record(tool):
    """More and larger reads at a time than the ring of a virtio disk holds."""
    if in_lab():
        return  # whose disks do not
    if shutil.which("fio") is None or not record.is_there(REQUEUE):
        print("bioerrors: requeues are not tried, there is no fio or no tracefs")
        return
    with tempfile.NamedTemporaryFile(dir="/var/tmp") as file, record.Record({REQUEUE: None}) as kernel:
        before = tool.scrape()
        run("fio", "--name=x", "--filename=" + file.name, "--size=128m", "--bs=512k",
            "--iodepth=256", "--ioengine=libaio", "--direct=1", "--rw=randread", "--runtime=1",
            "--time_based")
        requeued = len(kernel.stop()["block_rq_requeue"])
        counted = tool.scrape().delta(before, REQUEUED)
        if requeued == 0:
            print("bioerrors: this disk requeues nothing")
        near(counted, requeued, 0.01, "requeues")


class BusyScsiHost:
    """A SCSI disk in memory whose host says of every n-th command that it is busy. Only on a machine that is ours: there
    is one such module, and others may use it."""

    options = "/sys/bus/pseudo/drivers/scsi_debug"

    def __init__(self, every):
        self.every = every

    def put(self, name, value):
        with open(f"{self.options}/{name}", "w", encoding="ascii") as out:
            out.write(str(value))

    def __enter__(self):
        assert in_lab()
        run("modprobe", "scsi_debug", "dev_size_mb=8", "delay=0")
        pattern = self.options + "/adapter0/host*/target*/*/block/*"
        end = time.monotonic() + 20
        while not glob.glob(pattern) and time.monotonic() < end:
            time.sleep(0.05)
        self.name = os.path.basename(glob.glob(pattern)[0])
        self.node = "/dev/" + self.name
        self.put("opts", "0x8000")
        self.put("every_nth", self.every)
        return self

    def __exit__(self, *_):
        self.put("every_nth", 0)
        self.put("opts", 0)
        run("modprobe", "-r", "scsi_debug")
        return False


def a_busy_host_sends_requests_back(tool):
    if not in_lab():
        print("bioerrors: a busy host of disks is not tried: this machine is not ours")
        return
    with BusyScsiHost(5) as disk, record.Record({REQUEUE: None}) as kernel:
        before = tool.scrape()
        expect(failing_writes(disk.node, 40), 0, "failed writes")
        requeued = len(kernel.stop()["block_rq_requeue"])
        after = tool.scrape()
        at_least(requeued, 40 // 5, "requeues in the record")
        expect(after.delta(before, REQUEUED, device=disk.name), requeued, "requeues")


def completions_tell_of_errors(tool):
    """What is used where completions have a status, and there is no tracepoint for errors."""
    if not any(target == "block_rq_error" for _, target in tool.hooks()):
        print("bioerrors: completions with a status are not tried: this kernel's have an errno")
        return
    with forced("bioerrors", "error", "on_complete") as other:
        counts_failed_requests(other)


main("bioerrors", requeues_agree_with_the_record, a_busy_host_sends_requests_back, counts_failed_requests,
     completions_tell_of_errors, good_requests_are_no_errors)
