#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# ctest: parallel
"""The oldest kernel of each BPF tool is the same in README.md's table, in the tool's YAML and in --list."""
import glob
import os
import re
import subprocess
import unittest

SOURCE, BUILD = os.environ["KERNSTAT_SOURCE"], os.environ["KERNSTAT_BUILD"]


def text_of(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


class Since(unittest.TestCase):
    def setUp(self):
        table = re.search(r"<!-- lab table.*?<!-- end of the lab table -->", text_of(f"{SOURCE}/README.md"), re.S).group(0)
        self.shown = dict(re.findall(r"^\| (\w+) \| (\d+\.\d+) \|", table, re.M))

    def test_every_tool_says_what_the_table_says(self):
        said = {}
        for path in glob.glob(f"{SOURCE}/bpf/*.yaml"):
            since = re.search(r"^since: (\S+)$", text_of(path), re.M)
            said[os.path.basename(path)[:-5]] = since.group(1) if since else None
        self.assertEqual(said, self.shown)

    def test_the_list_says_it_too(self):
        done = subprocess.run([f"{BUILD}/kernstatd", "--list"], capture_output=True, text=True,
                              timeout=60, check=True)
        tools = done.stdout.split("BPF tools", 1)[1]
        self.assertEqual(dict(re.findall(r"^  (\w+) .* \(since Linux ([\d.]+)\)$", tools, re.M)), self.shown)


if __name__ == "__main__":
    unittest.main()
