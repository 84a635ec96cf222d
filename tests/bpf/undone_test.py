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
    nodes = [stack.enter_context(common.LoopDevice(direct=True)).node, stack.enter_context(common.full_device()).node]
    if shutil.which("mkfs.ext4"):
        fs = stack.enter_context(common.FileSystem("ext4"))
        nodes += [fs.loop.node, fs.path]
    nodes.append(stack.enter_context(common.mounted("-t", "tmpfs", "none")))
    with contextlib.suppress(SystemExit):
        nodes.append(stack.enter_context(common.ZramDevice()).node)
    print(*nodes, flush=True)
    if sys.argv[2] == "wait":
        signal.pause()
"""


def left(paths):
    """Those devices and directories that are still there. The kernel keeps a loop device without its file."""
    files = {path: pathlib.Path("/sys/block", path.removeprefix("/dev/"), "loop/backing_file") for path in paths}
    return [path for path, file in files.items() if (file.exists() if "/loop" in path else os.path.exists(path))]


class Undone(unittest.TestCase):
    def made(self, what):
        process = subprocess.Popen([sys.executable, "-c", CODE, LIVE, what], stdout=subprocess.PIPE, text=True)
        self.addCleanup(process.stdout.close)
        paths = process.stdout.readline().split()
        self.assertGreater(len(paths), 1)
        return process, paths

    def test_at_the_end(self):
        process, paths = self.made("end")
        self.assertEqual(process.wait(timeout=60), 0)
        self.assertEqual(left(paths), [])

    def test_when_killed(self):
        for number in (signal.SIGTERM, signal.SIGKILL):
            process, paths = self.made("wait")
            self.assertEqual(left(paths), paths)
            process.send_signal(number)
            process.wait(timeout=60)
            deadline = time.monotonic() + 30
            while left(paths) and time.monotonic() < deadline:
                time.sleep(0.05)
            self.assertEqual(left(paths), [])


if __name__ == "__main__":
    need_root()
    if not os.access("/dev/loop-control", os.W_OK):
        skip("no loop devices")
    unittest.main()
