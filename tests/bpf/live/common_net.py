# SPDX-License-Identifier: Apache-2.0
"""Networks of our own, and counts on a host where others use theirs.

Tracepoints see every network namespace, so what else happens on the host is counted too. `quietly`
repeats a stimulus until nobody disturbed it; what is really wrong stays wrong.
"""
import contextlib
import ctypes
import os
import re
import resource
import socket
import struct
import sys
import time

from harness import need_root, run, skip

TRIES = 8
CLONE_NEWNET = 0x40000000
LIBC = ctypes.CDLL(None, use_errno=True)


def inside_namespaces(*kinds):
    """Runs the test again in namespaces of its own (unshare(1): --net, --mount, …), where it is the
    "host" that interface names belong to."""
    need_root()
    if os.environ.get("KERNSTAT_INSIDE"):
        run("ip", "link", "set", "lo", "up")
        return
    environment = {**os.environ, "KERNSTAT_INSIDE": "1"}
    try:
        os.execvpe("unshare", ["unshare", "--net", "--pid", "--fork", "--kill-child", "--mount-proc", *kinds,
                               sys.executable, *sys.argv], environment)
    except OSError as error:
        skip(f"unshare: {error}")


def own_net_namespace():
    """The number that the kernel knows the namespace of this process by."""
    return os.stat("/proc/self/ns/net").st_ino


def eventually(tool, check, seconds=10):
    """Runs `check(scrape)` until it holds: names follow with the next read, or the one after it."""
    end = time.monotonic() + seconds
    while True:
        try:
            check(tool.scrape())
            return
        except AssertionError:
            if time.monotonic() > end:
                raise
            time.sleep(0.2)


def quietly(tool, stimulus, check):
    """Runs `stimulus`, and `check(before, after)` on the scrapes around it, until it holds."""
    for attempt in range(TRIES):
        before = tool.scrape()
        result = stimulus()
        after = tool.scrape()
        try:
            check(before, after, result) if result is not None else check(before, after)
            return
        except AssertionError as error:
            if attempt == TRIES - 1:
                raise
            print(f"again: {error}")
            time.sleep(0.3 * attempt)


@contextlib.contextmanager
def namespace(name):
    """A network namespace with its loopback up."""
    run("ip", "netns", "add", name)
    try:
        run("ip", "-n", name, "link", "set", "lo", "up")
        yield name
    finally:
        run("ip", "netns", "del", name, check=False)


def command(name, *words, **options):
    """Runs a command in the namespace `name`; None is the own one."""
    with within(name):
        return run(*words, **options)


def ip(name, *lines):
    """What ip(8) is to do in the namespace, by one process."""
    command(name, "ip", "-batch", "-", input="\n".join(lines))


def no_ipv6(name, device):
    """Nothing but what a test sends: no router solicitations."""
    with within(name), contextlib.suppress(FileNotFoundError):
        with open(f"/proc/sys/net/ipv6/conf/{device}/disable_ipv6", "w", encoding="ascii") as file:
            file.write("1")


@contextlib.contextmanager
def within(name):
    """This thread in the namespace: sockets made here belong to it. None is the own one."""
    if name is None:
        yield
        return
    home = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
    there = os.open(f"/run/netns/{name}", os.O_RDONLY)
    try:
        assert LIBC.setns(there, CLONE_NEWNET) == 0, os.strerror(ctypes.get_errno())
        yield
    finally:
        LIBC.setns(home, CLONE_NEWNET)
        os.close(there)
        os.close(home)


class Pair:
    """The namespace of this process (see inside_namespaces) as `a`, and another as `b`, with a veth between them:
    10.77.0.1 on v0 in `a`, 10.77.0.2 on v1 in `b`."""

    LOST = "10.77.0.9"  # has a neighbour entry, and nobody behind it: packets to it vanish

    def __enter__(self):
        assert os.environ.get("KERNSTAT_INSIDE"), "not in the host's own namespace"
        self.stack = contextlib.ExitStack()
        self.a = None
        self.b = self.stack.enter_context(namespace(f"ks-b-{os.getpid()}-{time.monotonic_ns()}"))
        run("ip", "link", "add", "v0", "type", "veth", "peer", "name", "v1", "netns", self.b)
        for name, device, address in ((self.a, "v0", "10.77.0.1"), (self.b, "v1", "10.77.0.2")):
            no_ipv6(name, device)
            ip(name, f"addr add {address}/24 dev {device}", f"link set {device} up")
        self.neighbour(self.a, "v0", self.LOST, "02:00:00:00:00:09")
        return self

    def neighbour(self, name, device, address, mac):
        command(name, "ip", "neigh", "replace", address, "lladdr", mac, "dev", device, "nud", "permanent")

    def __exit__(self, *_):
        run("ip", "link", "del", "v0", check=False)
        self.stack.close()
        return False


@contextlib.contextmanager
def tc_drops(name, device, where, one_in=1):
    """A classifier on `where` (egress, ingress) of a device that drops one packet in `one_in` (a power of two), by
    chance; gives a function that tells how many it dropped."""
    exit_with = lambda code: [0xB7, 0, 0, 0, code, 0, 0, 0, 0x95, 0, 0, 0, 0, 0, 0, 0]
    # if (get_prandom_u32() & (one_in - 1)) return TC_ACT_OK; return TC_ACT_SHOT;
    chance = [0x85, 0, 0, 0, 7, 0, 0, 0, 0x57, 0, 0, 0, one_in - 1, 0, 0, 0, 0x15, 0, 2, 0, 0, 0, 0, 0]
    program = _bpf_program(3, bytes(chance + exit_with(0) + exit_with(2)))
    path = f"/sys/fs/bpf/kernstat-test-{os.getpid()}"
    attributes = ctypes.create_string_buffer(path.encode())
    # BPF_OBJ_PIN
    _bpf(6, struct.pack("QII", ctypes.addressof(attributes), program, 0))
    os.close(program)
    try:
        command(name, "tc", "qdisc", "add", "dev", device, "clsact")
        command(name, "tc", "filter", "add", "dev", device, where, "bpf", "da", "object-pinned", path)
    finally:
        os.unlink(path)

    def dropped():
        text = command(name, "tc", "-s", "qdisc", "show", "dev", device, "clsact").stdout
        return int(re.search(r"clsact.*?dropped (\d+)", text, re.S).group(1))

    try:
        yield dropped
    finally:
        command(name, "tc", "qdisc", "del", "dev", device, "clsact", check=False)


def _bpf(command, attributes):
    # Kernels before 5.11 charge programs against it.
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_MEMLOCK, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    buffer = ctypes.create_string_buffer(attributes.ljust(128, b"\0"))
    # bpf(2): 321 on x86-64, 280 on arm64
    number = 321 if os.uname().machine == "x86_64" else 280
    result = LIBC.syscall(number, command, buffer, 128)
    if result < 0:
        skip(f"bpf(2): {os.strerror(ctypes.get_errno())}")
    return result


def _bpf_program(kind, code):
    instructions, licence = ctypes.create_string_buffer(code), ctypes.create_string_buffer(b"GPL")
    # BPF_PROG_LOAD
    return _bpf(5, struct.pack("IIQQ", kind, len(code) // 8, ctypes.addressof(instructions), ctypes.addressof(licence)))


def snmp(name, counter):
    """A counter of /proc/net/snmp or netstat in a namespace, "TcpRetransSegs"."""
    values = {}
    for path in ("snmp", "netstat"):
        with within(name), open(f"/proc/thread-self/net/{path}", encoding="ascii") as file:
            text = file.read().splitlines()
        for names, numbers in zip(text[::2], text[1::2]):
            prefix = names.split(":")[0]
            for key, number in zip(names.split()[1:], numbers.split()[1:]):
                values[prefix + key] = int(number)
    return values[counter]


def listener(address="127.0.0.1", backlog=16, port=0):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    sock = socket.socket(family)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind((address, port))
    sock.listen(backlog)
    return sock


def closed_port(address="127.0.0.1"):
    """A port where nobody listens."""
    with listener(address) as sock:
        return sock.getsockname()[1]


def refuse(port, times):
    """So many connections to a port where nobody listens."""
    for _ in range(times):
        with socket.socket() as sock:
            assert sock.connect_ex(("127.0.0.1", port)) != 0


def connected(server):
    """Both ends of a new connection."""
    client = socket.create_connection(server.getsockname()[:2])
    return client, server.accept()[0]


def abort(sock):
    """Closes with a reset."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    sock.close()
