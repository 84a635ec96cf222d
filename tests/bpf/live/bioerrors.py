#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# ctest: label=live
"""Requests fail on a loop device whose file has no more room."""
import mmap
import os
import tempfile

from common import BLOCK, LoopDevice
from harness import at_least, expect, main, run

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
    directory = tempfile.mkdtemp(dir="/var/tmp")
    run("mount", "-t", "tmpfs", "-o", "size=256k", "none", directory)
    try:
        with LoopDevice(directory=directory) as loop:
            before = tool.scrape()
            failed = failing_writes(loop.node, 100)
            after = tool.scrape()
            at_least(failed, 30, "writes without room")
            expect(after.delta(before, NAME, device=loop.name, operation="write"), failed, "errors")
            status = {labels["status"] for labels, _ in after.select(NAME, device=loop.name)}
            assert status <= {"ioerr", "nospc"}, status
    finally:
        run("umount", directory)
        os.rmdir(directory)


def good_requests_are_no_errors(tool):
    with LoopDevice() as loop:
        expect(failing_writes(loop.node, 20), 0, "failed writes")
        expect(tool.scrape().sum(NAME, device=loop.name), 0, "errors")


main("bioerrors", counts_failed_requests, good_requests_are_no_errors)
