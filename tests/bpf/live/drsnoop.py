#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# ctest: label=live
# lab: alone
"""A task that fills the page cache of a small memory cgroup reclaims what no longer fits; on a machine that is ours,
also for want of all memory, of a node's, and of a group's above its soft limit."""
import os
import tempfile
import time

import record
from common import MemoryCgroup, eventually, vmstat
from harness import at_least, expect, in_lab, main, near
from memory import (MIB, empty_file, group_of_v1, has_v1, in_group, little_memory, memory_of_v1, read_all,
                    reclaim_directly, reclaim_within_the_node)

COUNT = "kernstat_memory_reclaim_duration_seconds_count"
SUM = "kernstat_memory_reclaim_duration_seconds_sum"
BYTES = "kernstat_memory_reclaimed_bytes_total"
THROTTLED = "kernstat_memory_reclaim_throttled_seconds"
SIZE = 96


def memcg_reclaim_is_counted(tool):
    with empty_file(SIZE) as path:
        eventually(lambda: one_group(tool, path))


def one_group(tool, path):
    with MemoryCgroup(32 * MIB) as group:
        before, start = tool.scrape(), time.monotonic()
        expect(in_group(group.path, lambda: read_all(path)), 0, "exit code")
        elapsed = time.monotonic() - start
        after = tool.scrape()
        reclaims, counted = group.limit_was_met(), after.delta(before, COUNT, scope="memcg")
        if reclaims is None:
            at_least(counted, 10, "reclaims")
        else:
            expect(counted, reclaims, "reclaims")
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


def check(before, after, scope, expected):
    """Begins of reclaim as the kernel recorded them."""
    at_least(expected, 1, scope)
    expect(after.delta(before, COUNT, scope=scope), expected, scope)
    at_least(after.delta(before, SUM, scope=scope), 1e-6, scope + " seconds")
    at_least(after.delta(before, BYTES, scope=scope), 4096, scope + " bytes")


def begins(*scopes):
    """A record of the begins of these scopes."""
    return record.Record({f"vmscan/mm_vmscan_{scope}_reclaim_begin": None for scope in scopes})


def direct_reclaim(tool, soft):
    """The kernel's counter of stalls tells its number."""
    before, stalls = tool.scrape(), vmstat("allocstall_")
    with begins("memcg_softlimit") as kernel:
        reclaim_directly(SIZE)
        softly = len(kernel.stop()["mm_vmscan_memcg_softlimit_reclaim_begin"])
    after = tool.scrape()
    check(before, after, "direct", vmstat("allocstall_") - stalls)
    if soft:
        check(before, after, "softlimit", softly)


def node_reclaim(tool):
    before = tool.scrape()
    with begins("node") as kernel:
        reclaim_within_the_node()
        reclaims = len(kernel.stop()["mm_vmscan_node_reclaim_begin"])
    check(before, tool.scrape(), "node", reclaims)


def held_back(tool, root):
    """A group of version 1 whose pages are all dirty has to wait for the disk."""
    event = "vmscan/mm_vmscan_throttled"
    if not record.is_there(event):
        print("drsnoop: throttled reclaim is not tried: this kernel does not tell of it")
        return
    with group_of_v1(root, limit_in_bytes=8 * MIB) as group, tempfile.NamedTemporaryFile(dir="/var/tmp") as file, \
            record.Record({event: None}) as kernel:
        def write():
            for _ in range(24):
                os.write(file.fileno(), bytes(MIB))
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
