#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# ctest: label=live
"""Bios of a zram device of our own are counted with their sizes and errors."""
import os

from common import BLOCK, LoopDevice, MappedDevice, ZramDevice, read_blocks, write_blocks
from harness import expect, main, slack

NAME = "kernstat_block_bio_duration_seconds"
SIZE = "kernstat_block_bio_size_bytes"


def settle(tool, zram):
    """The first bio tells the engine to attach the second hook."""
    write_blocks(zram.node, 1)
    tool.scrape()
    return tool.scrape()


def counts_transfers(tool, device, writes, reads):
    """Exactly those, with their bytes. Returns the scrapes before and after, and what was transferred."""
    before = settle(tool, device)
    write_blocks(device.node, writes)
    read_blocks(device.node, reads, 2 * BLOCK)
    after = tool.scrape()
    transfers = []
    for operation, count, size in (("write", writes, BLOCK), ("read", reads, 2 * BLOCK)):
        where = {"device": device.name, "operation": operation}
        expect(after.delta(before, NAME + "_count", **where), count, f"{device.name} {operation}")
        expect(after.delta(before, SIZE + "_sum", **where), count * size, f"{device.name} {operation} bytes")
        transfers.append((where, count, size))
    return before, after, transfers


def counts_each_bio(tool):
    with ZramDevice() as zram:
        before, after, transfers = counts_transfers(tool, zram, 23, 11)
        for where, count, size in transfers:
            expect(after.histogram(SIZE, **where)[size] - before.histogram(SIZE, **where).get(size, 0),
                   count, "bucket of the size")
            seconds = after.delta(before, NAME + "_sum", **where)
            assert 0 < seconds < 1 * slack(), f"{seconds} s"
        expect(after.lost(), 0, "lost")


def counts_bios_that_are_passed_on(tool):
    """Each once, at the device that was asked."""
    for kind in ("dm", "md"):
        with MappedDevice(kind) as mapped:
            if mapped.name:
                counts_transfers(tool, mapped, 19, 7)
            else:
                print(f"biodevices: {kind} is not tried, this host has none")


def requests_are_not_bios(tool):
    with ZramDevice() as zram, LoopDevice() as loop:
        settle(tool, zram)
        write_blocks(loop.node, 5)
        after = tool.scrape()
        assert not after.has(NAME + "_count", device=loop.name), "a device with requests"


def counts_errors(tool):
    with ZramDevice() as zram:
        before = settle(tool, zram)
        # Beyond its limit of memory zram fails writes of what does not compress.
        zram.set("mem_limit", 1)
        failed = 0
        fd = os.open(zram.node, os.O_WRONLY | os.O_SYNC)
        for i in range(1, 9):
            try:
                os.pwrite(fd, os.urandom(BLOCK), i * BLOCK)
            except OSError:
                failed += 1
        try:
            os.close(fd)
        except OSError:
            pass
        assert failed > 0, "nothing failed"
        errors = tool.scrape().delta(before, "kernstat_block_io_errors_total", device=zram.name,
                                     operation="write", status="ioerr")
        expect(errors, failed, "errors")


main("biodevices", counts_each_bio, counts_bios_that_are_passed_on, requests_are_not_bios, counts_errors)
