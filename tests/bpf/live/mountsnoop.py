#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# ctest: label=live
"""Mounts of a tmpfs by mount(2), by the calls that replace it, and another root for a process of our own."""
import ctypes
import errno
import os
import platform
import struct
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


# System calls that the C library may not know (asm-generic/unistd.h; pivot_root is older than that).
PIVOT_ROOT = 155 if platform.machine() == "x86_64" else 41
OPEN_TREE, MOVE_MOUNT, FSOPEN, FSCONFIG, FSMOUNT, MOUNT_SETATTR = 428, 429, 430, 431, 432, 442
AT_FDCWD = -100
FSCONFIG_CMD_CREATE, MOVE_MOUNT_F_EMPTY_PATH = 6, 4
CLONE_NEWNS, MS_REC, MS_PRIVATE, MNT_DETACH = 0x20000, 0x4000, 0x40000, 2


def call(number, *arguments):
    result = libc.syscall(number, *arguments)
    if result < 0:
        raise OSError(ctypes.get_errno(), f"system call {number}")
    return result


def mount_by_steps(path):
    """A file system, its mount, its place. Returns how often each call was made."""
    name = ctypes.c_char_p(path.encode())
    context = call(FSOPEN, ctypes.c_char_p(b"tmpfs"), 0)
    call(FSCONFIG, context, FSCONFIG_CMD_CREATE, None, None, 0)
    mount = call(FSMOUNT, context, 0, 0)
    call(MOVE_MOUNT, mount, ctypes.c_char_p(b""), AT_FDCWD, name, MOVE_MOUNT_F_EMPTY_PATH)
    tree = call(OPEN_TREE, AT_FDCWD, name, 0)
    for fd in (context, mount, tree):
        os.close(fd)
    calls = {"fsopen": 1, "fsmount": 1, "move_mount": 1, "open_tree": 1, "umount": 1}
    nothing = struct.pack("=QQQQ", 0, 0, 0, 0)
    try:
        call(MOUNT_SETATTR, AT_FDCWD, name, 0, nothing, len(nothing))
        calls["mount_setattr"] = 1
    except OSError as error:
        assert error.errno == errno.ENOSYS, error
        print("mountsnoop: mount_setattr is not tried: this kernel has none (before 5.12)")
    assert libc.umount(path.encode()) == 0
    return calls


def another_root(path):
    """In the child, whose mounts are its own."""
    assert libc.unshare(CLONE_NEWNS) == 0
    assert libc.mount(b"none", b"/", None, MS_REC | MS_PRIVATE, None) == 0
    assert libc.mount(b"none", path.encode(), b"tmpfs", 0, None) == 0
    os.mkdir(path + "/old")
    call(PIVOT_ROOT, ctypes.c_char_p(path.encode()), ctypes.c_char_p(path.encode() + b"/old"))
    assert libc.umount2(b"/old", MNT_DETACH) == 0


def pivot_root(path):
    child = os.fork()
    if child == 0:
        try:
            another_root(path)
            os._exit(0)
        finally:
            os._exit(1)
    expect(os.waitpid(child, 0)[1], 0, "status of the child")
    return {"mount": 2, "pivot_root": 1, "umount": 1}


def counts_the_other_calls(tool):
    path = tempfile.mkdtemp(dir="/var/tmp")

    def once():
        for stimulus in (mount_by_steps, pivot_root):
            before = tool.scrape()
            calls = stimulus(path)
            after = tool.scrape()
            for name, count in calls.items():
                expect(after.delta(before, CALLS, call=name), count, name)
            expect(after.delta(before, ERRORS), 0, "errors")

    try:
        eventually(once)
    finally:
        os.rmdir(path)


def calls_exist_as_zero(tool):
    scrape = tool.scrape()
    for call in ("mount", "umount", "pivot_root", "move_mount", "fsopen", "mount_setattr"):
        assert scrape.has(CALLS, call=call), call


main("mountsnoop", counts_calls_and_errors, counts_the_other_calls, calls_exist_as_zero)
