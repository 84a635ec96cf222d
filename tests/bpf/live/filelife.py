#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# ctest: label=live
# lab: as root too
"""Files of known age are deleted on file systems of our own."""
import os
import shutil
import time

from common import FileSystem, eventually
from harness import Count, expect, in_lab, main

NAME = "kernstat_fs_file_lifespan_seconds"
AGE = 1.5
TRACEPOINTS = {"ext4": "ext4_evict_inode", "xfs": "xfs_destroy_inode", "btrfs": "btrfs_inode_evict"}


def make(path):
    with open(path, "wb", buffering=0) as file:
        file.write(b"x")


def live_and_die(directory):
    """Three files that live AGE seconds, and two directories, which are none."""
    for i in range(3):
        make(f"{directory}/{i}")
    os.mkdir(f"{directory}/d")
    os.mkdir(f"{directory}/e")
    make(f"{directory}/stays")
    time.sleep(AGE)
    for i in range(3):
        os.unlink(f"{directory}/{i}")
    os.rmdir(f"{directory}/d")
    os.rmdir(f"{directory}/e")
    os.unlink(f"{directory}/stays")


def check(tool, kind, mib):
    if shutil.which("mkfs." + kind) is None:
        print(f"filelife: {kind} is not tried, there is no mkfs.{kind}")
        return
    if TRACEPOINTS[kind] not in {target for _, target in tool.hooks()}:
        assert kind != "ext4", "ext4 is not hooked"
        print(f"filelife: {kind} is not tried, this kernel's module has no such tracepoint, or no BTF")
        return
    with FileSystem(kind, mib) as fs:
        def once():
            before = tool.scrape()
            live_and_die(fs.path)
            time.sleep(0.3)
            after = tool.scrape()
            # Files of that age: other file systems of this type lose others, most of them young.
            old = Count(sum(count - before.histogram(NAME, fstype=kind).get(bound, 0)
                      for bound, count in after.histogram(NAME, fstype=kind).items()
                      if 1 < bound <= (16 if in_lab() else 2)))
            expect(old, 4, "files of 1 to 2 s")
            expect(after.lost(), 0, "lost")
        eventually(once)


def ext4(tool):
    check(tool, "ext4", 64)


def xfs(tool):
    check(tool, "xfs", 320)


def btrfs(tool):
    check(tool, "btrfs", 160)


main("filelife", ext4, xfs, btrfs)
