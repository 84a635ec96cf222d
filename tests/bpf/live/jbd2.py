#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# ctest: label=live
"""Commits of the journal of an ext4 of our own, against the kernel's own record of it."""
import glob
import os

from common import FileSystem
from harness import Count, at_least, expect, main, skip

BLOCKS = "kernstat_fs_journal_commit_blocks"
TIME = "kernstat_fs_journal_commit_duration_seconds"
PHASES = {"wait", "request_delay", "running", "locked", "flushing", "logging"}


def journal(name):
    """What /proc/fs/jbd2/DEVICE-INODE/info counts since the mount: transactions, and whole numbers of handles and of
    blocks in the log that one had on average."""
    paths = glob.glob(f"/proc/fs/jbd2/{name}-*/info")
    if not paths:
        skip("no /proc/fs/jbd2")
    with open(paths[0], encoding="ascii") as file:
        lines = [line.split() for line in file]
    average = {" ".join(line[1:]): int(line[0]) for line in lines if line and line[0].isdigit()}
    return int(lines[0][0]), average["handles per transaction"], average["logged blocks per transaction"]


def commits_agree_with_the_journal(tool):
    before = tool.scrape()
    with FileSystem("ext4") as fs:
        with open(fs.path + "/file", "wb", buffering=0) as file:
            for _ in range(9):
                file.write(bytes(5000))
                os.fsync(file)
        after = tool.scrape()
        committed, handles, logged = journal(fs.name)
        at_least(committed, 9, "transactions")
        where = {"device": fs.name}
        expect(after.delta(before, BLOCKS + "_count", **where), committed, "commits")
        expect(after.delta(before, TIME + "_count", **where), committed, "durations")
        for what, counted, average in (
                ("handles", after.delta(before, "kernstat_fs_journal_handles_total", **where), handles),
                ("blocks", Count(after.delta(before, BLOCKS + "_sum", **where)), logged)):
            at_least(counted, committed * average, what)
            assert counted < committed * (average + 1), f"{counted} {what} in {committed} transactions of {average}"
        phases = {labels["phase"] for labels, _ in
                  after.select("kernstat_fs_journal_phase_seconds_total", **where)}
        expect(phases, PHASES, "phases")
        expect(after.lost(), 0, "lost")


main("jbd2", commits_agree_with_the_journal)
