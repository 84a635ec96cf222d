#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# ctest: label=live
# ctest: timeout=120
# ctest: parallel
"""A file system that stops answering costs its own samples and nothing else."""

import contextlib
import ctypes
import os
import platform
import select
import struct
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "daemon"))

FUSE_GETATTR, FUSE_STATFS, FUSE_INIT = 3, 17, 26
INTERVAL, TIMEOUT = 0.5, 1.0
BLOCKS = 1234
STATFS = "43" if platform.machine() == "aarch64" else "137"  # asm/unistd.h


def skip(reason):
    print(f"SKIP: {reason}")
    sys.exit(77)


class FuseMount:
    """A FUSE file system served by a thread of this process; hang() makes it deaf, answer() heals it."""

    libc = ctypes.CDLL(None, use_errno=True)

    def __init__(self, base, name):
        self.point = os.path.join(base, name)
        os.mkdir(self.point)
        self.fd = os.open("/dev/fuse", os.O_RDWR)
        options = f"fd={self.fd},rootmode=40000,user_id=0,group_id=0"
        if self.libc.mount(name.encode(), self.point.encode(), b"fuse.deaf", 0, options.encode()) != 0:
            skip(f"cannot mount FUSE: {os.strerror(ctypes.get_errno())}")
        self.deaf = threading.Event()
        self.closed = False
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def hang(self):
        self.deaf.set()

    def answer(self):
        self.deaf.clear()

    def serve(self):
        while not self.closed:
            if self.deaf.is_set():
                time.sleep(0.01)
                continue
            if not select.select([self.fd], [], [], 0.01)[0] or self.deaf.is_set():
                continue
            try:
                request = os.read(self.fd, 1 << 17)
            except OSError:
                continue
            self.reply(request)

    def reply(self, request):
        _, opcode, unique = struct.unpack_from("=IIQ", request)
        error, body = 0, b""
        if opcode == FUSE_INIT:
            body = struct.pack("=IIIIHHIIHHI7I", 7, 31, 0, 0, 8, 6, 4096, 1, 1, 0, 0, *[0] * 7)
        elif opcode == FUSE_STATFS:
            body = struct.pack("=5QIIII6I", BLOCKS, 100, 50, 20, 10, 4096, 255, 4096, 0, *[0] * 6)
        elif opcode == FUSE_GETATTR:
            body = struct.pack("=QII6Q10I", 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0o40755, 2, 0, 0, 0, 4096, 0)
        else:
            error = -38
        try:
            os.write(self.fd, struct.pack("=IiQ", 16 + len(body), error, unique) + body)
        except OSError:
            pass  # a request without an answer, or one that was given up

    def close(self):
        self.closed = True
        self.thread.join()
        os.close(self.fd)  # aborts what still waits
        self.libc.umount2(self.point.encode(), 2)


def series(metrics, name, mount):
    """Value and label device_error of the series of one mount; None when it is not there."""
    for text, value in metrics.items():
        if text.startswith(name + "{") and f'mountpoint="{mount.point}"' in text:
            return value, text.split('device_error="')[1].split('"')[0]
    return None


def statfs_threads(daemon):
    """The threads that ask mounts, and how many of them are in the system call now."""
    threads = stuck = 0
    for task in os.listdir(f"/proc/{daemon.process.pid}/task"):
        with contextlib.suppress(FileNotFoundError):
            with open(f"/proc/{daemon.process.pid}/task/{task}/comm", encoding="ascii") as file:
                if file.read().strip() != "statfs":
                    continue
            with open(f"/proc/{daemon.process.pid}/task/{task}/syscall", encoding="ascii") as file:
                stuck += file.read().split()[0] == STATFS
            threads += 1
    return threads, stuck


def check_stuck(daemon):
    """One thread is held; others that helped while the CPUs were busy wait for their end."""
    daemon.wait(lambda: statfs_threads(daemon)[1] == 1, "one thread in statfs")
    threads, stuck = statfs_threads(daemon)
    assert stuck <= 1 and threads <= 8, (threads, stuck)


def config(timeout):
    return (f"collectors:\n  filesystem:\n    interval: {int(INTERVAL * 1000)}ms\n"
            f"    mount_timeout: {int(timeout * 1000)}ms\n")


def wait_error(daemon, mount, value, limit):
    begin = time.monotonic()
    daemon.wait(lambda: (series(daemon.metrics(), "node_filesystem_device_error", mount) or (None,))[0] == value,
                f"error {value} of {mount.point}")
    took = time.monotonic() - begin
    assert took < limit, f"took {took:.2f} s"
    return took


def check_one(daemon, mount, healthy):
    metrics = daemon.metrics()
    assert series(metrics, "node_filesystem_device_error", mount) == (0, ""), metrics
    assert series(metrics, "node_filesystem_size_bytes", mount) == (BLOCKS * 4096, "")
    mount.hang()
    # The question that hangs is asked within an interval, and is late within the deadline.
    took = wait_error(daemon, mount, 1, INTERVAL + TIMEOUT + 1)
    metrics = daemon.metrics()
    assert series(metrics, "node_filesystem_device_error", mount) == (1, "mountpoint timeout")
    assert series(metrics, "node_filesystem_size_bytes", mount) is None
    # The others go on being asked: a file that is made shows.
    before = series(metrics, "node_filesystem_files_free", healthy)[0]
    with open(os.path.join(healthy.point, f"file{took}"), "w", encoding="ascii"):
        pass
    daemon.wait(lambda: series(daemon.metrics(), "node_filesystem_files_free", healthy)[0] < before,
                "the healthy mount's next sample")
    check_stuck(daemon)
    # A collector that is made anew asks about the same mount with the same stuck thread.
    for change in range(3):
        daemon.write_config(config(TIMEOUT + 0.1 * (change + 1)))
        daemon.process.send_signal(1)
        wait_error(daemon, mount, 1, 10)
        time.sleep(2 * INTERVAL)
    check_stuck(daemon)
    mount.answer()
    wait_error(daemon, mount, 0, 4 * INTERVAL + 1)
    print(f"one hung mount: an error after {took:.2f} s, then well again")


def check_many(daemon, mounts):
    for mount in mounts:
        mount.hang()
    for mount in mounts:
        wait_error(daemon, mount, 1, 10)
    reasons = [series(daemon.metrics(), "node_filesystem_device_error", mount)[1] for mount in mounts]
    threads, _ = statfs_threads(daemon)
    assert threads <= 8, threads
    assert reasons.count("mountpoint timeout") >= 7, reasons
    assert any(reason.startswith("untried") for reason in reasons), reasons
    code, seconds = daemon.end()
    assert code == 0, code
    assert seconds < 1, f"ended after {seconds:.2f} s"
    print(f"{len(mounts)} hung mounts: {threads} threads, ended in {seconds * 1000:.0f} ms")


class Directory:
    def __init__(self, point):
        self.point = point


def inside():
    import harness
    libc = FuseMount.libc
    base = tempfile.mkdtemp(prefix="kernstat-mounts-")
    healthy = Directory(os.path.join(base, "healthy"))
    os.mkdir(healthy.point)
    assert libc.mount(b"healthy", healthy.point.encode(), b"tmpfs", 0, b"nr_inodes=1000") == 0
    mounts = []
    try:
        for i in range(10):
            mounts.append(FuseMount(base, f"deaf{i}"))
        with harness.Daemon(config=config(TIMEOUT)) as daemon:
            check_one(daemon, mounts[0], healthy)
            check_many(daemon, mounts)
    finally:
        for mount in mounts:
            mount.close()
        libc.umount2(healthy.point.encode(), 2)
        # Never more than empty directories: what is still mounted stays.
        for name in os.listdir(base):
            os.rmdir(os.path.join(base, name))
        os.rmdir(base)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        inside()
        sys.exit(0)
    if os.geteuid() != 0:
        skip("needs root to mount a FUSE file system")
    if not os.path.exists("/dev/fuse"):
        skip("no /dev/fuse")
    # Mounts of its own, and a first process that sees them.
    os.execvp("unshare", ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "--propagation",
                          "private", sys.executable, os.path.abspath(__file__), "inside"])
