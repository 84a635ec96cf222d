# SPDX-License-Identifier: Apache-2.0
"""Loop devices and mounts of a test that are gone when it ends, also when it is killed (a test that takes too long is)."""
import contextlib
import errno
import fcntl
import os
import struct
import subprocess
import tempfile

from harness import run, skip

# <linux/loop.h>
LOOP_CTL_GET_FREE, LOOP_CONFIGURE = 0x4C82, 0x4C0A
AUTOCLEAR, DIRECT_IO = 4, 16
LOOP_CONFIG = struct.Struct("=II 52x I 176x 64x")  # the file, (block size,) lo_flags of 232 bytes, reserved

UNDO = """
read line && exit
for attempt in $(seq 100); do "$@" && exit; sleep 0.1; done
"""


@contextlib.contextmanager
def undone(*command):
    """Runs `command` at the end of the block, or at the end of this process if that comes first. It waits for that
    in a process which is no child of this one (who kills a test kills its children too), and tries more than once:
    what else this process held may go a little later."""
    read, write = os.pipe()
    subprocess.run(["setsid", "--fork", "sh", "-c", UNDO, "sh", *command], check=True,
                   stdin=read, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    os.close(read)
    with open(write, "w", encoding="ascii") as waiting:
        try:
            yield
        finally:
            run(*command)
            waiting.write("\n")


@contextlib.contextmanager
def mounted(*arguments):
    """The path of a new directory on which `mount *arguments` puts a file system."""
    path = tempfile.mkdtemp(dir="/var/tmp")
    run("mount", *arguments, path)
    with undone("sh", "-c", 'umount "$1" && rmdir "$1"', "sh", path):
        yield path


class LoopDevice:
    """A loop device over a sparse file without a name, on a disk and not in memory unless `directory` says so. The
    kernel takes both away with the last descriptor of the device. `path` is the file's for this process."""

    def __init__(self, mib=16, directory="/var/tmp", direct=False):
        self.mib, self.directory, self.direct = mib, directory, direct

    def __enter__(self):
        self.file = tempfile.TemporaryFile(dir=self.directory)
        os.ftruncate(self.file.fileno(), self.mib << 20)
        self.path = f"/proc/self/fd/{self.file.fileno()}"
        while not self.take():
            pass
        self.name = os.path.basename(self.node)
        with open(f"/sys/block/{self.name}/loop/dio", encoding="ascii") as file:
            # The kernel does without it, silently, where the file system cannot: then swap over it would deadlock.
            if self.direct and file.read().strip() != "1":
                self.__exit__()
                skip(f"no direct I/O in {self.directory}")
        return self

    def take(self):
        """False if somebody else took the device that was free."""
        with open("/dev/loop-control", "rb", buffering=0) as control:
            self.node = f"/dev/loop{fcntl.ioctl(control, LOOP_CTL_GET_FREE)}"
        self.device = open(self.node, "r+b", buffering=0)
        flags = AUTOCLEAR | (DIRECT_IO if self.direct else 0)
        try:
            fcntl.ioctl(self.device, LOOP_CONFIGURE, LOOP_CONFIG.pack(self.file.fileno(), 0, flags))
            return True
        except OSError as error:
            self.device.close()
            if error.errno != errno.EBUSY:
                raise
            return False

    def __exit__(self, *_):
        self.device.close()
        self.file.close()
        return False
