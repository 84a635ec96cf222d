#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# ctest: label=live
# lab: alone
# lab: as root too
"""fsync, fdatasync and syncfs on file systems of our own."""
import os
import shutil

from common import FileSystem, eventually
from harness import at_least, expect, main, run
from common_nfs import mounted_nfs

NAME = "kernstat_fs_sync_duration_seconds"
WHOLE = "kernstat_fs_filesystem_syncs_total"


def counts_each_kind(tool):
    # Its file lies in memory: on a disk the loop device would sync that in turn.
    with FileSystem("ext4", directory="/dev/shm") as fs:
        def once():
            before = tool.scrape()
            with open(fs.path + "/file", "wb", buffering=0) as file:
                for _ in range(7):
                    file.write(b"x")
                    os.fsync(file)
                for _ in range(4):
                    file.write(b"x")
                    os.fdatasync(file)
            after = tool.scrape()
            for kind, count in (("fsync", 7), ("fdatasync", 4)):
                where = {"fstype": "ext4", "kind": kind}
                expect(after.delta(before, NAME + "_count", **where), count, kind)
                at_least(after.delta(before, NAME + "_sum", **where), 1e-6, "seconds")
                expect(after.delta(before, "kernstat_fs_sync_errors_total", **where), 0, "errors")
            expect(after.lost(), 0, "lost")
        eventually(once, 8)


def each_kind(tool, fstype, path, flags):
    """One fsync and one fdatasync of this file."""
    fd = os.open(path, flags)
    try:
        before = tool.scrape()
        os.fsync(fd)
        os.fdatasync(fd)
        after = tool.scrape()
    finally:
        os.close(fd)
    for sync in ("fsync", "fdatasync"):
        expect(after.delta(before, NAME + "_count", fstype=fstype, kind=sync), 1, f"{fstype} {sync}")


def file_systems_without_tracepoints(tool):
    """Their functions are hooked, where this kernel lets us."""
    targets = {target for _, target in tool.hooks()}
    for kind, function in (("xfs", "xfs_file_fsync"), ("btrfs", "btrfs_sync_file")):
        if function not in targets or shutil.which("mkfs." + kind) is None:
            print(f"syncsnoop: {kind} is not tried, its function is not hooked here")
            continue
        with FileSystem(kind, 320) as fs:
            each_kind(tool, kind, fs.path + "/file", os.O_CREAT | os.O_WRONLY)


def nfs(tool):
    if "nfs_file_fsync" not in {target for _, target in tool.hooks()}:
        print("syncsnoop: NFS is not tried, its function is not hooked here")
        return
    with mounted_nfs() as path:
        each_kind(tool, "nfs", path, os.O_RDONLY)


def counts_syncs_of_file_systems(tool):
    with FileSystem("ext4") as fs:
        def once():
            before = tool.scrape()
            for _ in range(3):
                run("sync", "--file-system", fs.path)
            expect(tool.scrape().delta(before, WHOLE, fstype="ext4"), 3, "syncs")
        eventually(once, 8)


main("syncsnoop", counts_each_kind, file_systems_without_tracepoints, nfs, counts_syncs_of_file_systems)
