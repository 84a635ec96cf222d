# SPDX-License-Identifier: Apache-2.0
"""Want of memory, of a group's or of a whole machine that is ours."""
import contextlib
import ctypes
import mmap
import os
import tempfile
import time

from harness import in_lab, run

MIB = 1 << 20
PAGE = os.sysconf("SC_PAGE_SIZE")
MCL_CURRENT = 1
CONTROL = "/sys/fs/cgroup/cgroup.subtree_control"
libc = ctypes.CDLL(None)

def put(path, value):
    with open(path, "w", encoding="ascii") as out:
        out.write(str(value))


def free_mib():
    with open("/proc/meminfo", encoding="ascii") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("MemFree:")) >> 10


@contextlib.contextmanager
def empty_file(mib):
    """Its pages in the page cache are clean, and no group of its readers is kept for their sake."""
    with tempfile.NamedTemporaryFile(dir="/var/tmp") as file:
        os.truncate(file.name, mib << 20)
        yield file.name


def read_all(path):
    buffer = bytearray(MIB)
    fd = os.open(path, os.O_RDONLY | os.O_NOATIME)
    while os.readv(fd, [buffer]):
        pass
    os.close(fd)


def in_child(act):
    """Calls it in a process of its own; its exit status, or the negative number of the signal that ended it."""
    child = os.fork()
    if child == 0:
        try:
            act()
            os._exit(0)
        finally:
            os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def in_group(path, act):
    """The same within this cgroup. In a lab whatever this process may yet read of its program is read before: the group
    would pay for it, and would be there for as long as this process."""
    if in_lab():
        assert libc.mlockall(MCL_CURRENT) == 0, "no memory is locked"

    def enter():
        put(path + "/cgroup.procs", 0)
        act()
    return in_child(enter)


def take(mib):
    """Memory, until this process ends or is killed."""
    return mmap.mmap(-1, mib << 20, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | mmap.MAP_POPULATE)


@contextlib.contextmanager
def little_memory(mib):
    """Of a machine that is ours only so much is left free."""
    assert in_lab()
    with take(max(1, free_mib() - mib)):
        yield


def take_before_kswapd(mib):
    """While kswapd cannot run: it may use this CPU only, and this task goes before it."""
    os.sched_setaffinity(int(run("pgrep", "-x", "kswapd0").stdout), {0})
    os.sched_setaffinity(0, {0})
    os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
    take(mib)


def reclaim_directly(mib):
    """Fills all memory with the page cache of an empty file, then asks for `mib` MiB."""
    with empty_file(free_mib() + 32) as path:
        read_all(path)
        assert in_child(lambda: take_before_kswapd(mib)) == 0, "no memory"


def reclaim_within_the_node():
    """Fills all memory by a task that has to make room in its node first."""
    put("/proc/sys/vm/zone_reclaim_mode", 1)
    try:
        with empty_file(free_mib() + 32) as path:
            read_all(path)
    finally:
        put("/proc/sys/vm/zone_reclaim_mode", 0)


def exhaust_memory():
    """A process outside of any group takes memory until a machine that is ours has none. Returns its exit status, and what
    the kernel said of the kill."""
    assert in_lab()
    with open("/proc/meminfo", encoding="ascii") as file:
        total = int(file.readline().split()[1]) >> 10

    def take_all():
        # It offers itself, so that nothing else is killed.
        put("/proc/self/oom_score_adj", 1000)
        taken = [take(32) for _ in range(0, total, 32)]
        raise AssertionError(f"{len(taken) * 32} MiB of {total} MiB are not all")

    log = os.open("/dev/kmsg", os.O_RDONLY | os.O_NONBLOCK)
    try:
        os.lseek(log, 0, os.SEEK_END)
        return in_child(take_all), "".join(lines_of(log))
    finally:
        os.close(log)


def lines_of(log):
    """The rest of /dev/kmsg: each read gives a line, or says that there is none yet."""
    while True:
        try:
            yield os.read(log, 8192).decode(errors="replace")
        except BlockingIOError:
            return


def has_v1():
    """Whether this kernel has version 1 of memory cgroups, which became an option in 6.12."""
    with open(f"/boot/config-{os.uname().release}", encoding="utf-8") as file:
        return "# CONFIG_MEMCG_V1 is not set" not in file.read()


def patiently(act, what):
    """Until nothing is in its way any more."""
    for _ in range(100):
        try:
            return act()
        except (OSError, AssertionError) as error:
            last = error
            time.sleep(0.05)
    raise AssertionError(f"{what}: {last}")


def pay_on_every_cpu(root):
    """By a group of this hierarchy that is there only for that. Each CPU keeps the group that paid there last, though it
    be gone, until another one pays."""
    group = tempfile.mkdtemp(dir=root)
    for cpu in os.sched_getaffinity(0):
        def pay(here=cpu):
            os.sched_setaffinity(0, {here})
            mmap.mmap(-1, 3 * PAGE, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | mmap.MAP_POPULATE)
        in_group(group, pay)
    patiently(lambda: os.rmdir(group), "the group stays")


def forget_groups(root):
    """Memory groups that are gone live on for a while, and hold the controller in its hierarchy."""
    put("/proc/sys/vm/drop_caches", 3)
    pay_on_every_cpu(root)


def only_the_root_is_left(root):
    """Of the version 1 hierarchy of memory."""
    with open("/proc/cgroups", encoding="ascii") as file:
        groups = next(int(line.split()[2]) for line in file if line.startswith("memory\t"))
    if groups > 1:
        forget_groups(root)
    assert groups == 1, f"{groups} memory groups"


def take_from_version_2(path):
    """Groups of version 2 that are gone are counted for all controllers together: that none is left for this one shows
    when it can be moved."""
    put(CONTROL, "-memory")
    try:
        run("mount", "-t", "cgroup", "-o", "memory", "none", path)
    except AssertionError:
        put(CONTROL, "+memory")
        forget_groups(os.path.dirname(CONTROL))
        raise


@contextlib.contextmanager
def memory_of_v1():
    """Moves the memory controller of a machine that is ours to version 1, and back; the path of its root."""
    assert in_lab()
    path = tempfile.mkdtemp(dir="/tmp")
    patiently(lambda: take_from_version_2(path), "no memory controller of version 1")
    try:
        yield path
    finally:
        patiently(lambda: only_the_root_is_left(path), "groups that are gone stay")
        run("umount", path)
        patiently(lambda: put(CONTROL, "+memory"), "version 2 does not get the memory controller back")
        os.rmdir(path)


@contextlib.contextmanager
def group_of_v1(root, **settings):
    """A group with these memory.SETTING."""
    path = tempfile.mkdtemp(dir=root)
    for name, value in settings.items():
        put(f"{path}/memory.{name}", value)
    try:
        yield path
    finally:
        patiently(lambda: os.rmdir(path), "the group stays")
