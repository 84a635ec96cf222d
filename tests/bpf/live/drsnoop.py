#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# ctest: label=live
# lab: alone
"""A task that fills the page cache of a small memory cgroup reclaims what no longer fits; on a machine that is ours,
also for want of all memory, of a node's, and of a group's above its soft limit."""
import contextlib
import os
import re
import time

import common_record as record
from common import MemoryCgroup, eventually, vmstat
from harness import at_least, expect, in_lab, main, near
from common_memory import (MIB, PAGE, empty_file, group_of_v1, has_v1, in_group, little_memory, memory_of_v1, read_all,
                    reclaim_directly, reclaim_within_the_node)

COUNT = "kernstat_memory_reclaim_duration_seconds_count"
SUM = "kernstat_memory_reclaim_duration_seconds_sum"
BYTES = "kernstat_memory_reclaimed_bytes_total"
THROTTLED = "kernstat_memory_reclaim_throttled_seconds"
SIZE = 96


def check(before, after, scope, reclaims):
    """So many, which took their time."""
    at_least(reclaims, 1, scope)
    expect(after.delta(before, COUNT, scope=scope), reclaims, scope)
    at_least(after.delta(before, SUM, scope=scope), 1e-6, scope + " seconds")


@contextlib.contextmanager
def recorded(scope):
    """A record of the ends of reclaim of this scope; None where nobody may record."""
    event = f"vmscan/mm_vmscan_{scope}_reclaim_end"
    with record.Record({event: None}) if record.is_there(event) else contextlib.nullcontext() as kernel:
        yield kernel


def check_all(before, after, scope, kernel):
    """As many as the kernel recorded, and what they won: of its node some kernels win nothing."""
    ends = next(iter(kernel.stop().values()))
    check(before, after, scope, len(ends))
    pages = sum(int(re.search(r"nr_reclaimed=(\d+)", line).group(1)) for line in ends)
    expect(after.delta(before, BYTES, scope=scope), pages * PAGE, scope + " bytes")


def memcg_reclaim_is_counted(tool):
    eventually(lambda: one_group(tool))


def one_group(tool):
    with empty_file(SIZE) as path, MemoryCgroup(32 * MIB) as group, recorded("memcg") as kernel:
        before, start = tool.scrape(), time.monotonic()
        expect(in_group(group.path, lambda: read_all(path)), 0, "exit code")
        elapsed = time.monotonic() - start
        after = tool.scrape()
        if kernel:
            check_all(before, after, "memcg", kernel)
        else:
            print("drsnoop: the kernel's own count is not tried, there is no tracefs")
            at_least(after.delta(before, COUNT, scope="memcg"), 10, "reclaims")
        # What was read and is not there any more was reclaimed.
        near(after.delta(before, BYTES, scope="memcg"), SIZE * MIB - group.usage(), 0.15, "bytes")
        seconds = after.delta(before, SUM, scope="memcg")
        assert 0 < seconds < elapsed, f"{seconds} s within {elapsed} s"
        expect(after.lost(), 0, "lost")


def all_scopes_exist_as_zero(tool):
    scrape = tool.scrape()
    for scope in ("direct", "memcg", "softlimit", "node"):
        assert scrape.has(COUNT, scope=scope), scope
    for reason in ("writeback", "isolated", "noprogress", "congested"):
        assert scrape.has(THROTTLED + "_count", reason=reason), reason


def direct_reclaim(tool, soft):
    """The kernel's counter of stalls tells its number."""
    before, stalls = tool.scrape(), vmstat("allocstall_")
    with recorded("memcg_softlimit") as kernel:
        reclaim_directly(SIZE)
        after, stalls = tool.scrape(), vmstat("allocstall_") - stalls
        check(before, after, "direct", stalls)
        at_least(after.delta(before, BYTES, scope="direct"), PAGE, "bytes")
        if soft:
            check_all(before, after, "softlimit", kernel)


def node_reclaim(tool):
    before = tool.scrape()
    with recorded("node") as kernel:
        reclaim_within_the_node()
        check_all(before, tool.scrape(), "node", kernel)


def held_back(tool, root):
    """A group of version 1 whose pages are all dirty has to wait for the disk."""
    event = "vmscan/mm_vmscan_throttled"
    if not record.is_there(event):
        print("drsnoop: throttled reclaim is not tried: this kernel does not tell of it")
        return
    # Written to as it is: what a file system notes down would hold the group for long.
    with group_of_v1(root, limit_in_bytes=8 * MIB) as group, open("/dev/sda", "wb", buffering=0) as disk, \
            record.Record({event: None}) as kernel:
        def write():
            for _ in range(24):
                disk.write(bytes(MIB))
        before = tool.scrape()
        expect(in_group(group, write), 0, "exit code")
        throttled = len(kernel.stop()["mm_vmscan_throttled"])
        after = tool.scrape()
        at_least(throttled, 1, "pauses")
        expect(after.delta(before, THROTTLED + "_count", reason="writeback"), throttled, "pauses")
        at_least(after.delta(before, THROTTLED + "_sum", reason="writeback"), 1e-6, "seconds")


def reclaim_of_the_whole_machine(tool):
    if not in_lab():
        print("drsnoop: reclaim of a whole machine is not tried: this one is not ours")
        return
    if not has_v1():
        with little_memory(2 * SIZE):
            direct_reclaim(tool, False)
            node_reclaim(tool)
        print("drsnoop: soft limits are not tried: this kernel has no version 1 of memory cgroups")
        return
    with memory_of_v1() as root:
        with little_memory(2 * SIZE), group_of_v1(root, soft_limit_in_bytes=MIB) as group, empty_file(16) as path:
            expect(in_group(group, lambda: read_all(path)), 0, "exit code")
            direct_reclaim(tool, True)
            node_reclaim(tool)
        held_back(tool, root)


main("drsnoop", memcg_reclaim_is_counted, reclaim_of_the_whole_machine, all_scopes_exist_as_zero)
