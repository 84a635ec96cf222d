#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# ctest: label=live
"""Dirty pages of an ext4 of our own are written back; then its writers are held back."""
import os

from common import FileSystem, eventually
from harness import at_least, expect, in_lab, main, near, run

BYTES = "kernstat_fs_writeback_bytes_total"
PASSES = "kernstat_fs_writeback_duration_seconds"
THROTTLE = "kernstat_memory_dirty_throttle_seconds"
SIZE = 16 << 20


def bytes_are_counted(tool):
    with FileSystem("ext4") as fs:
        before = tool.scrape()
        with open(fs.path + "/file", "wb", buffering=0) as file:
            file.write(os.urandom(SIZE))
        run("sync", "--file-system", fs.path)
        after = tool.scrape()
        # And a few pages of the file system's own.
        near(after.delta(before, BYTES, device=fs.name), SIZE, 0.05, "bytes")
        # The kernel may have begun before it was asked to.
        at_least(after.delta(before, BYTES, device=fs.name, reason="sync"), 1, "bytes of sync")
        at_least(after.delta(before, PASSES + "_count", device=fs.name, reason="sync"), 1, "passes")
        expect(after.lost(), 0, "lost")


def put(path, value):
    with open(path, "w", encoding="ascii") as out:
        out.write(str(value))


def limit_dirty(name):
    """To 1 MiB for one device (since 6.2), or for all of a machine that is ours; false when it cannot be."""
    try:
        put(f"/sys/block/{name}/bdi/strict_limit", 1)
        put(f"/sys/block/{name}/bdi/max_bytes", 1 << 20)
    except OSError as error:
        if not in_lab():
            print(f"writeback: held back writers are not tried, one device has no limit here: {error}")
            return False
        put("/proc/sys/vm/dirty_background_bytes", 1 << 19)
        put("/proc/sys/vm/dirty_bytes", 1 << 20)
    return True


def writers_are_held_back(tool):
    with FileSystem("ext4", 256) as fs:
        if not limit_dirty(fs.name):
            return

        def once():
            before = tool.scrape()
            with open(fs.path + "/file", "wb", buffering=0) as file:
                for _ in range(64):
                    file.write(bytes(1 << 20))
            after = tool.scrape()
            pauses = after.delta(before, THROTTLE + "_count", device=fs.name)
            seconds = after.delta(before, THROTTLE + "_sum", device=fs.name)
            at_least(pauses, 1, "pauses")
            # The kernel's longest pause is 200 ms.
            assert 0 < seconds <= 0.2 * pauses, f"{seconds} s in {pauses} pauses"
        # A slow writer is not held back.
        eventually(once)


main("writeback", bytes_are_counted, writers_are_held_back)
