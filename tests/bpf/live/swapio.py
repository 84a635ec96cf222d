#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# ctest: label=live
"""Swap I/O to a loop device of our own, forced by a small memory cgroup, against vmstat."""
import os
import time

from common import LoopDevice, MemoryCgroup, eventually, undone, vmstat
from harness import at_least, expect, main, near, run, skip

NAME = "kernstat_memory_swap_io_seconds_count"
BYTES = "kernstat_block_io_size_bytes_sum"
PAGE = os.sysconf("SC_PAGE_SIZE")

# Twice as much as the limit, written and then read again.
TOUCH = """
import mmap
memory = mmap.mmap(-1, 48 << 20)
for at in range(0, len(memory), 4096): memory[at:at + 8] = at.to_bytes(8, 'little')
for at in range(0, len(memory), 4096): assert int.from_bytes(memory[at:at + 8], 'little') == at
"""


def counts_swap_requests(tool):
    eventually(lambda: swap_and_compare(tool))


def swap_and_compare(tool):
    with open("/proc/swaps", encoding="ascii") as file:
        if len(file.readlines()) > 1:
            skip("this host swaps already: its I/O would mix with ours")
    # Direct I/O, over a file on a disk: writing to swap must not need memory.
    with LoopDevice(mib=128, direct=True) as loop:
        run("mkswap", loop.node)
        run("swapon", loop.node)
        with undone("swapoff", loop.node):
            tool.scrape()
            before = tool.scrape()
            pages = vmstat("pswpout"), vmstat("pswpin")
            with MemoryCgroup(24 << 20) as group:
                expect(group.run(TOUCH), 0, "exit code")
            # The last writes may still be on their way.
            time.sleep(0.5)
            after = tool.scrape()
            pages = vmstat("pswpout") - pages[0], vmstat("pswpin") - pages[1]
            for operation, swapped in zip(("write", "read"), pages):
                where = {"device": loop.name, "operation": operation}
                at_least(swapped, 1000, f"pages by vmstat ({operation})")
                # Some hosts hide from BPF what interrupts certain tasks: then a few are not seen.
                near(after.delta(before, BYTES, **where), swapped * PAGE, 0.01, "bytes")
                # Nothing but swap goes to this device.
                requests = after.delta(before, "kernstat_block_io_duration_seconds_count",
                                       stage="total", **where)
                expect(after.delta(before, NAME, **where), requests, "swap requests")


def other_writes_are_no_swap(tool):
    with LoopDevice() as loop:
        run("mkswap", loop.node)
        expect(tool.scrape().sum(NAME, device=loop.name), 0, "swap requests")


main("biolatency", counts_swap_requests, other_writes_are_no_swap)
