# SPDX-License-Identifier: Apache-2.0
"""Events in bulk for the bench of the BPF tools. Each function is a context manager that gives a function; calling that
makes the events and returns how many it made."""
import contextlib
import mmap
import os
import socket
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "bpf", "live"))

from common import BLOCK, FileSystem, MemoryCgroup, ZramDevice, full_device, write_blocks  # noqa: E402
from common_net import closed_port, connected, listener  # noqa: E402
from harness import run  # noqa: E402

PACKET = b"x" * 500
DEVICE, PEER = "ksbench0", "ksbench1"
# Code that a memory cgroup of our own runs.
FILL_MEMORY = "memory = []\nwhile True: memory.append(bytearray(1 << 20))"
WRITE_FILE = "import os\nfd = os.open({!r}, os.O_WRONLY)\nfor _ in range(192): os.write(fd, bytes(1 << 20))"


@contextlib.contextmanager
def block_reads():
    """Random direct reads of a file on the disk of /var/tmp, 32 at a time."""
    count = 20000
    with tempfile.NamedTemporaryFile(dir="/var/tmp") as file:
        file.write(os.urandom(1 << 20) * 128)
        file.flush()
        os.fsync(file.fileno())

        def make():
            run("fio", "--name=x", "--filename=" + file.name, "--size=128m", "--bs=4k", "--iodepth=32", "--ioengine=libaio",
                "--direct=1", "--rw=randread", "--norandommap", f"--number_ios={count}")
            return count
        yield make


@contextlib.contextmanager
def bios():
    with ZramDevice() as zram:
        write_blocks(zram.node, 1)

        def make():
            for _ in range(20):
                write_blocks(zram.node, 1000)
            return 20000
        yield make


@contextlib.contextmanager
def block_errors():
    """Writes to a loop device whose file has no more room."""
    with full_device() as loop:
        def make():
            failed = 0
            with mmap.mmap(-1, BLOCK) as buffer:
                fd = os.open(loop.node, os.O_WRONLY | os.O_DIRECT)
                for i in range(4000):
                    try:
                        os.pwrite(fd, buffer, i % 4000 * BLOCK)
                    except OSError:
                        failed += 1
                os.close(fd)
            return failed
        yield make


@contextlib.contextmanager
def files(act, directory="/var/tmp"):
    """`act(path of a new directory)` on an ext4 of our own; it returns the number of events."""
    with FileSystem("ext4", 128, directory) as fs:
        yield lambda: act(fs.path)


def create_and_delete(path):
    for i in range(3000):
        os.close(os.open(f"{path}/{i}", os.O_CREAT | os.O_WRONLY))
    for i in range(3000):
        os.unlink(f"{path}/{i}")
    return 3000


def sync_often(path):
    with open(path + "/file", "wb", buffering=0) as file:
        for _ in range(300):
            file.write(b"x")
            os.fsync(file)
    return 300


def write_back(path):
    """Passes of the flusher, with 256 pages each."""
    for _ in range(30):
        with open(path + "/file", "wb", buffering=0) as file:
            file.write(bytes(1 << 20))
        run("sync", "--file-system", path)
    return 30


@contextlib.contextmanager
def opens():
    def make():
        for _ in range(20000):
            os.close(os.open("/etc/passwd", os.O_RDONLY))
        return 20000
    yield make


@contextlib.contextmanager
def system_calls():
    def make():
        call = os.getppid
        for _ in range(20_000):
            call()
        return 20_000
    yield make


@contextlib.contextmanager
def mounts():
    path = tempfile.mkdtemp(dir="/var/tmp")

    def make():
        for _ in range(20):
            run("mount", "-t", "tmpfs", "none", path)
            run("umount", path)
        return 40
    yield make
    os.rmdir(path)


@contextlib.contextmanager
def page_faults():
    def make():
        with mmap.mmap(-1, 20000 * 4096, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS) as area:
            area.madvise(mmap.MADV_NOHUGEPAGE)
            for at in range(0, 20000 * 4096, 4096):
                area[at] = 1
        return 20000
    yield make


@contextlib.contextmanager
def oom_kills():
    with MemoryCgroup(16 << 20) as group:
        def make():
            for _ in range(3):
                group.run(FILL_MEMORY)
            return 3
        yield make


@contextlib.contextmanager
def reclaims():
    with tempfile.NamedTemporaryFile(dir="/var/tmp") as file, MemoryCgroup(24 << 20) as group:
        def make():
            group.run(WRITE_FILE.format(file.name))
            return 192
        yield make


@contextlib.contextmanager
def switches():
    """Two processes that pass a byte to and fro on one CPU."""
    def make():
        home = os.sched_getaffinity(0)
        os.sched_setaffinity(0, {min(home)})
        (from_parent, to_child), (from_child, to_parent) = os.pipe(), os.pipe()
        child = os.fork()
        if child == 0:
            for _ in range(20000):
                os.write(to_parent, os.read(from_parent, 1))
            os._exit(0)
        for _ in range(20000):
            os.write(to_child, b"x")
            os.read(from_child, 1)
        os.waitpid(child, 0)
        os.sched_setaffinity(0, home)
        for fd in (from_parent, to_child, from_child, to_parent):
            os.close(fd)
        return 40000
    yield make


@contextlib.contextmanager
def seconds():
    """What happens by itself: two seconds of it."""
    def make():
        time.sleep(2)
        return 2
    yield make


@contextlib.contextmanager
def connections():
    """The bench is both ends of each; a host with a peer elsewhere is one, which is an event."""
    with listener(backlog=64) as server:
        def make():
            for _ in range(3000):
                client, accepted = connected(server)
                client.sendall(PACKET)
                accepted.recv(len(PACKET))
                client.close()
                accepted.close()
            return 2 * 3000
        yield make


@contextlib.contextmanager
def refused_connections():
    port = closed_port()

    def make():
        for _ in range(3000):
            with socket.socket() as sock:
                sock.connect_ex(("127.0.0.1", port))
        return 2 * 3000
    yield make


@contextlib.contextmanager
def dropped_packets():
    port = closed_port()

    def make():
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            for _ in range(20000):
                sock.sendto(PACKET, ("127.0.0.1", port))
        return 20000
    yield make


@contextlib.contextmanager
def device():
    """An interface behind which packets vanish; its queueing discipline lets none pass by."""
    run("ip", "link", "add", DEVICE, "type", "veth", "peer", "name", PEER)
    try:
        for name in (DEVICE, PEER):
            run("sysctl", "-q", "-w", f"net.ipv6.conf.{name}.disable_ipv6=1", check=False)
            run("ip", "link", "set", name, "up")
        run("ip", "addr", "add", "198.18.255.1/30", "dev", DEVICE)
        run("ip", "neigh", "replace", "198.18.255.2", "lladdr", "02:00:00:00:00:02", "dev", DEVICE, "nud", "permanent")
        run("tc", "qdisc", "add", "dev", DEVICE, "root", "tbf", "rate", "10gbit", "burst", "1m", "latency", "1s")
        yield
    finally:
        run("ip", "link", "del", DEVICE, check=False)


@contextlib.contextmanager
def packets():
    def make():
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            for _ in range(50000):
                sock.sendto(PACKET, ("198.18.255.2", 9))
        return 50000
    with device():
        yield make


@contextlib.contextmanager
def retransmits():
    """SYNs that nobody answers are sent again after a second."""
    def make():
        with contextlib.ExitStack() as stack:
            for _ in range(800):
                sock = stack.enter_context(socket.socket())
                sock.setblocking(False)
                sock.connect_ex(("198.18.255.2", 9))
            time.sleep(1.6)
        return 800
    with device():
        yield make


@contextlib.contextmanager
def lookups():
    def make():
        for _ in range(2000):
            socket.getaddrinfo("127.0.0.1", 80, socket.AF_INET, socket.SOCK_STREAM, 0, socket.AI_NUMERICHOST)
        return 2000
    yield make


@contextlib.contextmanager
def sockets():
    """A thousand sockets are there while it reads the tool ten times."""
    with listener(backlog=64) as server, contextlib.ExitStack() as stack:
        for _ in range(500):
            for sock in connected(server):
                stack.enter_context(sock)
        yield lambda: 0
