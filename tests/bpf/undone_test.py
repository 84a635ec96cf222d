#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# ctest: label=live
"""A test that is killed leaves no device, no mount and no file behind."""
import os
import pathlib
import signal
import subprocess
import sys
import time
import unittest

LIVE = str(pathlib.Path(__file__).resolve().parent / "live")
sys.path.insert(0, LIVE)

from harness import need_root, skip  # noqa: E402

CODE = """
import contextlib, shutil, signal, sys
sys.path.insert(0, sys.argv[1])
import common
with contextlib.ExitStack() as stack:
    names = [stack.enter_context(common.LoopDevice(direct=True)).name, stack.enter_context(common.full_device()).name]
    if shutil.which("mkfs.ext4"):
        names.append(stack.enter_context(common.FileSystem("ext4")).name)
    with contextlib.suppress(SystemExit):
        names.append(stack.enter_context(common.ZramDevice()).name)
    print(*names, flush=True)
    if sys.argv[2] == "wait":
        signal.pause()
"""


def left(names):
    """What there still is of these devices."""
    mounts = pathlib.Path("/proc/mounts").read_text(encoding="utf-8")
    blocks = [pathlib.Path("/sys/block", name) for name in names]
    return [str(path) for path in blocks if "zram" in path.name and path.exists()
            or (path / "loop/backing_file").exists() or f"/dev/{path.name} " in mounts]


class Undone(unittest.TestCase):
    def devices(self, what):
        process = subprocess.Popen([sys.executable, "-c", CODE, LIVE, what], stdout=subprocess.PIPE, text=True)
        self.addCleanup(process.stdout.close)
        names = process.stdout.readline().split()
        self.assertGreater(len(names), 1)
        return process, names

    def test_at_the_end(self):
        process, names = self.devices("end")
        self.assertEqual(process.wait(timeout=60), 0)
        self.assertEqual(left(names), [])

    def test_when_killed(self):
        directories = set(os.listdir("/var/tmp"))
        for number in (signal.SIGTERM, signal.SIGKILL):
            process, names = self.devices("wait")
            self.assertEqual(sorted(left(names)), sorted(f"/sys/block/{name}" for name in names))
            process.send_signal(number)
            process.wait(timeout=60)
            deadline = time.monotonic() + 30
            while left(names) and time.monotonic() < deadline:
                time.sleep(0.05)
            self.assertEqual(left(names), [])
        self.assertEqual({name for name in os.listdir("/var/tmp") if name.startswith("tmp")} - directories, set())


if __name__ == "__main__":
    need_root()
    if not os.access("/dev/loop-control", os.W_OK):
        skip("no loop devices")
    unittest.main()
