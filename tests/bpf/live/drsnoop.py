#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# ctest: label=live
# lab: alone
"""A task that fills the page cache of a small memory cgroup reclaims what no longer fits."""
import os
import tempfile
import time

from common import MemoryCgroup, eventually, reclaim_directly
from harness import at_least, expect, in_lab, main, near

COUNT = "kernstat_memory_reclaim_duration_seconds_count"
SUM = "kernstat_memory_reclaim_duration_seconds_sum"
BYTES = "kernstat_memory_reclaimed_bytes_total"
SIZE = 96 << 20

WRITE = """
import os
fd = os.open({path!r}, os.O_WRONLY | os.O_CREAT)
for _ in range(96): os.write(fd, bytes(1 << 20))
"""


def memcg_reclaim_is_counted(tool):
    eventually(lambda: one_group(tool))


def one_group(tool):
    fd, path = tempfile.mkstemp(dir="/var/tmp")
    os.close(fd)
    try:
        with MemoryCgroup(32 << 20) as group:
            before, start = tool.scrape(), time.monotonic()
            expect(group.run(WRITE.format(path=path)), 0, "exit code")
            elapsed = time.monotonic() - start
            after = tool.scrape()
            at_least(after.delta(before, COUNT, scope="memcg"), 10, "reclaims")
            # What was written and is not there any more was reclaimed.
            near(after.delta(before, BYTES, scope="memcg"), SIZE - group.usage(), 0.15, "bytes")
            seconds = after.delta(before, SUM, scope="memcg")
            assert 0 < seconds < elapsed, f"{seconds} s within {elapsed} s"
            expect(after.lost(), 0, "lost")
    finally:
        os.unlink(path)


def all_scopes_exist_as_zero(tool):
    scrape = tool.scrape()
    for scope in ("direct", "memcg", "softlimit", "node"):
        assert scrape.has(COUNT, scope=scope), scope
    for reason in ("writeback", "isolated", "noprogress", "congested"):
        assert scrape.has("kernstat_memory_reclaim_throttled_seconds_count", reason=reason), reason


def reclaim_of_the_whole_machine(tool):
    if not in_lab():
        return
    before = tool.scrape()
    reclaim_directly(96)
    after = tool.scrape()
    at_least(after.delta(before, COUNT, scope="direct"), 1, "reclaims")
    at_least(after.delta(before, SUM, scope="direct"), 1e-6, "seconds")
    at_least(after.delta(before, BYTES, scope="direct"), 4096, "bytes")


main("drsnoop", memcg_reclaim_is_counted, reclaim_of_the_whole_machine, all_scopes_exist_as_zero)
