# SPDX-License-Identifier: Apache-2.0
"""Cgroups of our own, which keep what is within from memory, CPU time and disks."""
import contextlib
import os
import re
import subprocess
import sys
import tempfile
import time

from harness import skip

ROOT = "/sys/fs/cgroup"
PERIOD = 100_000  # microseconds in which a quota of CPU time may be used


class Cgroup:
    """A cgroup of a controller with settings, of the version that the controller has here; OSError if it has none.
    `v1` and `v2` are {file: value}; v1 calls the controller `controller`."""

    def __init__(self, controller, v1, v2):
        self.is_v1 = os.path.exists(f"{ROOT}/{controller}/tasks")
        self.root = f"{ROOT}/{controller}" if self.is_v1 else ROOT
        self.settings = v1 if self.is_v1 else v2

    def __enter__(self):
        self.path = tempfile.mkdtemp(prefix="kernstat-test-", dir=self.root)
        try:
            for name, value in self.settings.items():
                self.set(name, value)
        except OSError:
            self.__exit__()
            raise
        return self

    def set(self, name, value):
        with open(f"{self.path}/{name}", "w", encoding="ascii") as out:
            out.write(str(value))

    def get(self, name):
        with open(f"{self.path}/{name}", encoding="ascii") as file:
            return file.read()

    def start(self, code, **options):
        """Python code within it."""
        enter = f"open('{self.path}/cgroup.procs', 'w').write('0')\n"
        return subprocess.Popen([sys.executable, "-c", enter + code], **options)

    def run(self, code):
        return self.start(code).wait(timeout=60)

    @contextlib.contextmanager
    def entered(self):
        """This process is within it."""
        self.set("cgroup.procs", 0)
        try:
            yield self
        finally:
            with open(self.root + "/cgroup.procs", "w", encoding="ascii") as file:
                file.write("0")

    def __exit__(self, *_):
        for _ in range(50):
            try:
                os.rmdir(self.path)
                return False
            except OSError:
                time.sleep(0.1)
        return False


class MemoryCgroup(Cgroup):
    """So many bytes of memory, and no more. Skips the test where there are no such cgroups."""

    def __init__(self, limit):
        super().__init__("memory", {"memory.limit_in_bytes": limit}, {"memory.max": limit})

    def __enter__(self):
        try:
            return super().__enter__()
        except OSError as error:
            skip(f"no memory cgroup: {error}")

    def usage(self):
        return int(self.get("memory.usage_in_bytes" if self.is_v1 else "memory.current"))


class CpuCgroup(Cgroup):
    """A share of one CPU, and no more."""

    def __init__(self, share):
        quota = round(share * PERIOD)
        super().__init__("cpu", {"cpu.cfs_period_us": PERIOD, "cpu.cfs_quota_us": quota}, {"cpu.max": f"{quota} {PERIOD}"})

    def throttled_seconds(self):
        """How long its tasks had to wait for more, as the kernel counted, once for each CPU that they were on."""
        unit, count = re.search(r"throttled_(usec|time) (\d+)", self.get("cpu.stat")).groups()
        return int(count) / (1e6 if unit == "usec" else 1e9)


class SlowDisk(Cgroup):
    """So many bytes a second may be read of the disk that holds a directory: the limit delays what loop devices ask of it,
    and so their requests, when who is within it asks them."""

    def __init__(self, directory, bytes_a_second):
        disk = whole_disk(directory)
        super().__init__("blkio", {"blkio.throttle.read_bps_device": f"{disk} {bytes_a_second}"},
                         {"io.max": f"{disk} rbps={bytes_a_second}"})


def whole_disk(directory):
    """The number of the disk that holds a directory: limits are set for disks, not for their partitions. OSError if none
    does."""
    dev = os.stat(directory).st_dev
    device = os.path.realpath(f"/sys/dev/block/{os.major(dev)}:{os.minor(dev)}")
    if os.path.exists(device + "/partition"):
        device = os.path.dirname(device)
    with open(device + "/dev", encoding="ascii") as file:
        return file.read().strip()
