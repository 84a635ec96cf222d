#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# ctest: parallel
"""An archive that cannot be reached: said, by suite; with exit 77 when nothing is left to use."""
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

SCRIPT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "get-kernels")
NOBODY_THERE = "http://127.0.0.1:9/none"


def get_kernels(directory, *suites):
    return subprocess.run([SCRIPT, directory, *suites], capture_output=True, text=True, timeout=120, check=False,
                          env={**os.environ, "MIRROR": NOBODY_THERE})


class Unreachable(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.directory)

    def test_nothing_is_there(self):
        done = get_kernels(self.directory, "bullseye", "sid")
        self.assertEqual(done.returncode, 77, done.stderr)
        self.assertEqual(done.stdout.splitlines(), ["bullseye: cannot be reached, skipped", "sid: cannot be reached, skipped"])

    def test_what_was_fetched_before_is_used(self):
        os.mkdir(f"{self.directory}/sid")
        with open(f"{self.directory}/sid/.packages", "w", encoding="ascii") as file:
            file.write("linux-image-some\n")
        done = get_kernels(self.directory, "bullseye", "sid")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("sid: cannot be reached; the cached linux-image-some is used", done.stdout)
        self.assertIn("bullseye: cannot be reached, skipped", done.stdout)


if __name__ == "__main__":
    if shutil.which("apt-get") is None:
        print("skipped: no apt-get")
        sys.exit(77)
    unittest.main()
