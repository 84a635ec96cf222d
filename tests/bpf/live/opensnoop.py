#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# ctest: label=live
"""Opens on a file system that nobody else here uses, by each system call; files that they make, an error that is rare."""
import ctypes
import os
import platform
import shutil
import struct

from common import FileSystem, eventually
from harness import at_least, expect, main

OPENS = "kernstat_fs_opens_total"
CREATED = "kernstat_fs_files_created_total"
ERRORS = "kernstat_fs_open_errors_total"


libc = ctypes.CDLL(None, use_errno=True)
AT_FDCWD = -100
OPENAT2 = 437
OPEN, CREAT = (2, 85) if platform.machine() == "x86_64" else (None, None)


def call(number, *arguments):
    fd = libc.syscall(number, *arguments)
    assert fd >= 0, f"system call {number}: {os.strerror(ctypes.get_errno())}"
    os.close(fd)


def older_and_newer_calls(path):
    """open(2) and creat(2), which the C library does not use, and openat2(2), which it does not know: two opens by
    each. The number of opens and, among them, of files made."""
    how = struct.pack("=QQQ", os.O_RDWR, 0, 0)
    name = ctypes.c_char_p(path.encode())
    if OPEN is None:
        os.close(os.open(path, os.O_CREAT | os.O_WRONLY))
        made, opens = 1, 1
    else:
        call(CREAT, name, 0o600)
        call(CREAT, name, 0o600)
        call(OPEN, name, os.O_RDONLY)
        call(OPEN, name, os.O_RDWR)
        made, opens = 1, 4
    for _ in range(2):
        call(OPENAT2, AT_FDCWD, name, how, len(how))
    return opens + 2, made


def opens_and_creations(tool):
    kind = "xfs" if shutil.which("mkfs.xfs") else "ext4"
    with FileSystem(kind, 320) as fs:
        def once():
            before = tool.scrape()
            for i in range(6):
                os.close(os.open(f"{fs.path}/{i}", os.O_CREAT | os.O_WRONLY))
            for i in range(6):
                os.close(os.open(f"{fs.path}/{i}", os.O_RDONLY))
            opens, made = older_and_newer_calls(fs.path + "/old")
            after = tool.scrape()
            for name in (*range(6), "old"):
                os.unlink(f"{fs.path}/{name}")
            if kind == "ext4":
                at_least(after.delta(before, OPENS, fstype=kind), 12 + opens, "opens")
                at_least(after.delta(before, CREATED, fstype=kind), 6 + made, "created")
            else:
                expect(after.delta(before, OPENS, fstype=kind), 12 + opens, "opens")
                expect(after.delta(before, CREATED, fstype=kind), 6 + made, "created")
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
