# SPDX-License-Identifier: Apache-2.0
"""What the stimuli of several live tests need: devices and file systems of our own; memory."""
import contextlib
import glob
import mmap
import os
import shutil
import signal
import time

from common_cgroup import MemoryCgroup  # noqa: F401 -- most who need these want it too
from common_undone import LoopDevice, mounted, undone
from harness import Count, in_lab, run, skip

BLOCK = 4096


class ZramDevice:
    """A zram device of our own, which has bios but no requests."""

    def __init__(self, mib=64):
        self.mib = mib

    def __enter__(self):
        run("modprobe", "-q", "zram", check=False)
        try:
            with open("/sys/class/zram-control/hot_add", encoding="ascii") as file:
                number = int(file.read())
        except OSError as error:
            skip(f"no zram: {error}")
        self.name = f"zram{number}"
        self.node = "/dev/" + self.name
        self.undo = undone("sh", "-c", 'echo 1 > "/sys/block/$1/reset" && echo "$2" > /sys/class/zram-control/hot_remove',
                           "sh", self.name, str(number))
        self.undo.__enter__()
        self.set("disksize", self.mib << 20)
        return self

    def set(self, attribute, value):
        with open(f"/sys/block/{self.name}/{attribute}", "w", encoding="ascii") as file:
            file.write(str(value))

    def __exit__(self, *error):
        return self.undo.__exit__(*error)


class MappedDevice:
    """A device over one or two loop devices that passes bios on: "dm" (linear) or "md" (a mirror). `name` is None
    where the kernel or the host has none; a lab has both."""

    def __init__(self, kind):
        self.kind, self.name = kind, None
        self.loops = [LoopDevice() for _ in range(2 if kind == "md" else 1)]

    def __enter__(self):
        nodes = [loop.__enter__().node for loop in self.loops]
        done = self.make_md(nodes) if self.kind == "md" else self.make_dm(nodes[0])
        assert done or not in_lab(), f"no {self.kind}"
        if done:
            self.name = os.path.basename(self.node)
        return self

    def make_md(self, nodes):
        self.node = "/dev/md77"
        self.remove = ("mdadm", "--stop", self.node)
        return self.tried("mdadm", "--build", self.node, "--run", "--assume-clean", "--level=1",
                          "--raid-devices=2", *nodes)

    def make_dm(self, node):
        self.remove = ("dmsetup", "remove", "--noudevsync", "kernstat-test")
        made = self.tried("dmsetup", "create", "--noudevsync", "--noudevrules", "kernstat-test",
                          "--table", f"0 16384 linear {node} 0")
        for path in glob.glob("/sys/block/dm-*/dm/name") if made else ():
            with open(path, encoding="ascii") as file:
                if file.read().strip() == "kernstat-test":
                    self.node = "/dev/" + path.split("/")[3]
        return made

    def tried(self, *command):
        return shutil.which(command[0]) is not None and run(*command, check=in_lab()).returncode == 0

    def __exit__(self, *_):
        if self.name:
            run(*self.remove)
        for loop in self.loops:
            loop.__exit__()
        return False


class FileSystem:
    """A mounted file system on a loop device of its own; `path` is its root."""

    def __init__(self, kind, mib=64, directory="/var/tmp"):
        if shutil.which("mkfs." + kind) is None:
            skip(f"no mkfs.{kind}")
        self.kind = kind
        self.loop = LoopDevice(mib, directory)

    def __enter__(self):
        with contextlib.ExitStack() as stack:
            self.name = stack.enter_context(self.loop).name
            run("mkfs." + self.kind, "-q", self.loop.node)
            self.path = stack.enter_context(mounted("-t", self.kind, self.loop.node))
            self.undo = stack.pop_all()
        return self

    def __exit__(self, *_):
        self.undo.close()
        return False


@contextlib.contextmanager
def full_device():
    """A loop device whose file has no more room after a quarter of a MiB."""
    with mounted("-t", "tmpfs", "-o", "size=256k", "none") as directory, LoopDevice(directory=directory) as loop:
        yield loop


def write_blocks(path, count, size=BLOCK, stride=16):
    """Writes `count` blocks past the page cache, far apart so that none are merged."""
    transfer(path, os.O_WRONLY, count, size, stride, lambda fd, buffer, at: os.pwrite(fd, buffer, at))


def read_blocks(path, count, size=BLOCK, stride=16):
    transfer(path, os.O_RDONLY, count, size, stride,
             lambda fd, buffer, at: os.preadv(fd, [buffer], at))


def transfer(path, flags, count, size, stride, act):
    with mmap.mmap(-1, size) as buffer:
        fd = os.open(path, flags | os.O_DIRECT)
        try:
            for i in range(count):
                act(fd, buffer, i * stride * size)
        finally:
            os.close(fd)


def vmstat(name):
    """One of the kernel's counters; a name that ends with _ is the sum of all that begin so."""
    with open("/proc/vmstat", encoding="ascii") as file:
        fields = dict(line.split() for line in file)
    return sum(int(value) for key, value in fields.items() if key == name or name.endswith("_") and key.startswith(name))


def eventually(test, tries=3):
    """Others use this host too: a count that they may add to must be exact in one of a few tries."""
    for attempt in range(tries):
        counted = list(Count.checked)
        try:
            return test()
        except AssertionError:
            if attempt + 1 == tries:
                raise
            Count.checked[:] = counted
            time.sleep(0.5)


def stop(process):
    process.send_signal(signal.SIGKILL)
    process.wait(timeout=10)
