# SPDX-License-Identifier: Apache-2.0
"""Something of everything that dashboards show: in namespaces and on devices of its own."""
import contextlib
import os
import pathlib
import socket
import subprocess
import sys
import threading
import time

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "bpf/live"))
import common  # noqa: E402  (devices, file systems, cgroups of our own)


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


class Extras:
    """What needs a device, a file system, a cgroup or an interface of our own; what cannot be had is left out, saying why."""

    def __init__(self, directory):
        self._directory = pathlib.Path(directory)
        self._stack = contextlib.ExitStack()
        self.works = []

    def __enter__(self):
        for make in (self._journal, self._held_back, self._zram, self._cgroup, self._full_disk, self._slow_link):
            try:
                self.works.append(make())
            except (SystemExit, OSError, subprocess.SubprocessError, AssertionError) as error:
                print(f"left out: {make.__name__.strip('_')}: {error}")
        return self

    def __exit__(self, *_):
        self._stack.close()

    def _journal(self):
        fs = self._stack.enter_context(common.FileSystem("ext4", 256))
        def work():
            with open(fs.path + "/file", "wb", buffering=0) as file:
                for _ in range(4):
                    file.write(bytes(1 << 20))
                    os.fsync(file)
        return work

    def _held_back(self):
        """A file system that may have a megabyte of dirty pages: its writers are held back."""
        fs = self._stack.enter_context(common.FileSystem("ext4", 256))
        for file, value in (("strict_limit", 1), ("max_bytes", 1 << 20)):
            pathlib.Path(f"/sys/block/{fs.name}/bdi/{file}").write_text(str(value))

        def work():
            with open(fs.path + "/file", "wb", buffering=0) as file:
                for _ in range(16):
                    file.write(bytes(1 << 20))
        return work

    def _zram(self):
        zram = self._stack.enter_context(common.ZramDevice())

        def work():
            common.write_blocks(zram.node, 100)
            common.read_blocks(zram.node, 200)
        return work

    def _cgroup(self):
        group = self._stack.enter_context(common.MemoryCgroup(32 << 20))
        path = self._directory / "reclaimed"
        code = f"""
with open({str(path)!r}, "wb") as file:
    for _ in range(48): file.write(bytes(1 << 20))
"""
        return lambda: group.run(code)

    def _full_disk(self):
        """Requests fail on a loop device whose file has no more room; each opening of it fails a few."""
        loop = self._stack.enter_context(common.full_device())

        def work():
            with contextlib.suppress(OSError):
                common.write_blocks(loop.node, 200)
        return work

    def _slow_link(self):
        """An interface at which datagrams wait, and what comes out of it is received at another."""
        common.run("ip", "link", "add", "eth0", "type", "veth", "peer", "name", "eth1")
        for name in ("eth0", "eth1"):
            common.run("ip", "link", "set", name, "up")
        common.run("ip", "addr", "add", "10.78.0.1/24", "dev", "eth0")
        common.run("ip", "neigh", "replace", "10.78.0.2", "lladdr", "02:00:00:00:00:02", "dev", "eth0", "nud", "permanent")
        common.run("tc", "qdisc", "add", "dev", "eth0", "root", "tbf", "rate", "8mbit", "burst", "10000", "latency", "200ms")

        def work():
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
                for _ in range(20 + int(time.monotonic()) // 10 % 4 * 20):
                    one.sendto(bytes(1000), ("10.78.0.2", 9))
        return work


class Load:
    """Something of everything: files written and read, fsync, connections, datagrams, names, a CPU that is busy at times."""

    def __init__(self, directory):
        self._end = threading.Event()
        self._directory = pathlib.Path(directory)
        self._port = free_port()
        self._extras = Extras(directory)
        self._threads = [threading.Thread(target=self._run, args=(work,), daemon=True)
                         for work in (self._files, self._reads, self._connections, self._datagrams, self._names, self._burst)]

    def start(self):
        self._extras.__enter__()
        self._threads += [threading.Thread(target=self._run, args=(work, 1), daemon=True) for work in self._extras.works]
        for thread in self._threads:
            thread.start()

    def stop(self):
        self._end.set()
        for thread in self._threads:
            thread.join(10)
        self._extras.__exit__()

    def _run(self, work, pause=0.2):
        while not self._end.wait(pause):
            work()

    def _files(self):
        for number in range(20):
            path = self._directory / f"file{number}"
            with open(path, "wb") as file:
                file.write(os.urandom(65536))
                file.flush()
                os.fsync(file.fileno())
        (self._directory / "file0").unlink()

    def _reads(self):
        for number in range(1, 20):
            path = self._directory / f"file{number}"
            if path.exists():
                with open(path, "rb") as file:
                    os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
                    file.read()

    def _connections(self):
        # Always the same port: each one that listens is a series.
        with socket.create_server(("127.0.0.1", self._port)) as server:
            for _ in range(20):
                with socket.create_connection(server.getsockname()) as client:
                    accepted, _ = server.accept()
                    accepted.sendall(b"x" * 10000)
                    accepted.close()
                    client.recv(20000)
        try:  # nobody listens there
            socket.create_connection(("127.0.0.1", self._port), 1).close()
        except OSError:
            pass

    def _datagrams(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
            one.sendto(b"x", ("127.0.0.1", 9))

    def _names(self):
        socket.getaddrinfo("localhost", 80)

    def _burst(self):
        end = time.monotonic() + 0.1
        while time.monotonic() < end:
            pass
