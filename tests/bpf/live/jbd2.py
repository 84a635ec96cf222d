#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# ctest: label=live
"""Commits of the journal of an ext4 of our own, against the kernel's count of its transactions."""
import glob
import os

from common import FileSystem
from harness import at_least, expect, main, skip

BLOCKS = "kernstat_fs_journal_commit_blocks"
TIME = "kernstat_fs_journal_commit_duration_seconds"
PHASES = {"wait", "request_delay", "running", "locked", "flushing", "logging"}


def transactions(name):
    """The first number in /proc/fs/jbd2/DEVICE-INODE/info."""
    paths = glob.glob(f"/proc/fs/jbd2/{name}-*/info")
    if not paths:
        skip("no /proc/fs/jbd2")
    with open(paths[0], encoding="ascii") as file:
        return int(file.readline().split()[0])


def commits_agree_with_the_journal(tool):
    with FileSystem("ext4") as fs:
        before, listed = tool.scrape(), transactions(fs.name)
        with open(fs.path + "/file", "wb", buffering=0) as file:
            for _ in range(9):
                file.write(bytes(5000))
                os.fsync(file)
        after = tool.scrape()
        committed = transactions(fs.name) - listed
        at_least(committed, 9, "transactions")
        where = {"device": fs.name}
        expect(after.delta(before, BLOCKS + "_count", **where), committed, "commits")
        at_least(after.delta(before, BLOCKS + "_sum", **where), 9, "blocks")
        expect(after.delta(before, TIME + "_count", **where), committed, "durations")
        at_least(after.delta(before, "kernstat_fs_journal_handles_total", **where), 9, "handles")
        phases = {labels["phase"] for labels, _ in
                  after.select("kernstat_fs_journal_phase_seconds_total", **where)}
        expect(phases, PHASES, "phases")
        expect(after.lost(), 0, "lost")


main("jbd2", commits_agree_with_the_journal)
