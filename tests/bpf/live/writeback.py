#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# ctest: label=live
"""Dirty pages of an ext4 of our own are written back; then its writers are held back. Both against what the kernel
records."""
import contextlib
import os

import common_record as record
from common import FileSystem, eventually
from harness import at_least, expect, in_lab, main, near, run

BYTES = "kernstat_fs_writeback_bytes_total"
PASSES = "kernstat_fs_writeback_duration_seconds"
THROTTLE = "kernstat_memory_dirty_throttle_seconds"
WRITTEN, HELD_BACK = "writeback/writeback_written", "writeback/balance_dirty_pages"
SIZE = 16 << 20


@contextlib.contextmanager
def events_of(event, field, name, condition=""):
    """The record of this event of one device; None where the host lets nobody record."""
    if not record.is_there(event):
        print(f"writeback: the kernel's own count of {event} is not tried, there is no tracefs")
        yield None
        return
    number = os.stat("/dev/" + name).st_rdev
    with record.Record({event: f'{field} == "{os.major(number)}:{os.minor(number)}"{condition}'}) as kernel:
        yield kernel


def agrees(counted, kernel, event, least, what):
    """With the record, or it is at least so much."""
    if kernel is None:
        at_least(counted, least, what)
        return
    recorded = len(kernel.stop()[event.split("/")[1]])
    at_least(recorded, least, what + " in the record")
    expect(counted, recorded, what)


def bytes_are_counted(tool):
    with FileSystem("ext4") as fs, events_of(WRITTEN, "name", fs.name) as kernel:
        before = tool.scrape()
        with open(fs.path + "/file", "wb", buffering=0) as file:
            file.write(os.urandom(SIZE))
        run("sync", "--file-system", fs.path)
        after = tool.scrape()
        # And a few pages of the file system's own.
        near(after.delta(before, BYTES, device=fs.name), SIZE, 0.05, "bytes")
        # The kernel may have begun before it was asked to.
        at_least(after.delta(before, BYTES, device=fs.name, reason="sync"), 1, "bytes of sync")
        assert after.delta(before, PASSES + "_count", device=fs.name, reason="sync") >= 1, "no pass for the sync"
        agrees(after.delta(before, PASSES + "_count", device=fs.name), kernel, WRITTEN, 1, "passes")
        expect(after.lost(), 0, "lost")


def put(path, value):
    with open(path, "w", encoding="ascii") as out:
        out.write(str(value))


def get(path):
    with open(path, encoding="ascii") as file:
        return file.read().strip()


@contextlib.contextmanager
def little_dirty(name):
    """1 MiB for one device (since 6.2), or for all of a machine that is ours; false when it cannot be."""
    ratios = {}
    try:
        put(f"/sys/block/{name}/bdi/strict_limit", 1)
        put(f"/sys/block/{name}/bdi/max_bytes", 1 << 20)
    except OSError as error:
        if not in_lab():
            print(f"writeback: held back writers are not tried, one device has no limit here: {error}")
            yield False
            return
        ratios = {path: get(path) for path in ("/proc/sys/vm/dirty_background_ratio", "/proc/sys/vm/dirty_ratio")}
        put("/proc/sys/vm/dirty_background_bytes", 1 << 19)
        put("/proc/sys/vm/dirty_bytes", 1 << 20)
    try:
        yield True
    finally:
        for path, value in ratios.items():
            put(path, value)


def writers_are_held_back(tool):
    with FileSystem("ext4", 256) as fs, little_dirty(fs.name) as can_be:
        # A slow writer is not held back.
        if can_be:
            eventually(lambda: one_writer(tool, fs))


def one_writer(tool, fs):
    with events_of(HELD_BACK, "bdi", fs.name, " && pause > 0") as kernel:
        before = tool.scrape()
        with open(fs.path + "/file", "wb", buffering=0) as file:
            for _ in range(64):
                file.write(bytes(1 << 20))
        after = tool.scrape()
        pauses = after.delta(before, THROTTLE + "_count", device=fs.name)
        seconds = after.delta(before, THROTTLE + "_sum", device=fs.name)
        agrees(pauses, kernel, HELD_BACK, 1, "pauses")
        # The kernel's longest pause is 200 ms.
        assert 0 < seconds <= 0.2 * pauses, f"{seconds} s in {pauses} pauses"


main("writeback", bytes_are_counted, writers_are_held_back)
