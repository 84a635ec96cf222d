#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# ctest: label=live
"""Mounts of a tmpfs, by the system calls that this host's mount uses and by mount(2) itself."""
import ctypes
import os
import tempfile

from common import eventually
from harness import expect, main

CALLS = "kernstat_fs_mount_calls_total"
ERRORS = "kernstat_fs_mount_errors_total"
libc = ctypes.CDLL(None, use_errno=True)


def mount_and_umount(path):
    assert libc.mount(b"none", path.encode(), b"tmpfs", 0, None) == 0, os.strerror(ctypes.get_errno())
    assert libc.umount(path.encode()) == 0, os.strerror(ctypes.get_errno())


def counts_calls_and_errors(tool):
    path = tempfile.mkdtemp(dir="/var/tmp")

    def once():
        before = tool.scrape()
        for _ in range(4):
            mount_and_umount(path)
        for _ in range(3):
            assert libc.mount(b"none", path.encode(), b"no such type", 0, None) == -1
        after = tool.scrape()
        expect(after.delta(before, CALLS, call="mount"), 7, "mounts")
        expect(after.delta(before, CALLS, call="umount"), 4, "umounts")
        expect(after.delta(before, ERRORS, call="mount", errno="ENODEV"), 3, "errors")
        expect(after.lost(), 0, "lost")

    try:
        eventually(once)
    finally:
        os.rmdir(path)


def calls_exist_as_zero(tool):
    scrape = tool.scrape()
    for call in ("mount", "umount", "pivot_root", "move_mount", "fsopen", "mount_setattr"):
        assert scrape.has(CALLS, call=call), call


main("mountsnoop", counts_calls_and_errors, calls_exist_as_zero)
