#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# ctest: label=live
"""Opens on a file system that nobody else here uses, files that they make, an error that is rare."""
import os
import shutil

from common import FileSystem, eventually
from harness import at_least, expect, main

OPENS = "kernstat_fs_opens_total"
CREATED = "kernstat_fs_files_created_total"
ERRORS = "kernstat_fs_open_errors_total"


def opens_and_creations(tool):
    kind = "xfs" if shutil.which("mkfs.xfs") else "ext4"
    with FileSystem(kind, 320) as fs:
        def once():
            before = tool.scrape()
            for i in range(6):
                os.close(os.open(f"{fs.path}/{i}", os.O_CREAT | os.O_WRONLY))
            for i in range(6):
                os.close(os.open(f"{fs.path}/{i}", os.O_RDONLY))
            after = tool.scrape()
            for i in range(6):
                os.unlink(f"{fs.path}/{i}")
            if kind == "ext4":
                at_least(after.delta(before, OPENS, fstype=kind), 12, "opens")
                at_least(after.delta(before, CREATED, fstype=kind), 6, "created")
            else:
                expect(after.delta(before, OPENS, fstype=kind), 12, "opens")
                expect(after.delta(before, CREATED, fstype=kind), 6, "created")
            expect(after.lost(), 0, "lost")
        eventually(once)


def errors_by_name(tool):
    def once():
        before = tool.scrape()
        for _ in range(5):
            try:
                # /proc/self is a link, which O_NOFOLLOW refuses.
                os.close(os.open("/proc/self", os.O_RDONLY | os.O_NOFOLLOW))
            except OSError:
                pass
        expect(tool.scrape().delta(before, ERRORS, errno="ELOOP"), 5, "errors")
    eventually(once)


main("opensnoop", opens_and_creations, errors_by_name)
