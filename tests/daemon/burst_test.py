#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# ctest: timeout=180
"""300 ms of load on one CPU between two scrapes shows in the histogram of the busiest CPU, wherever it lies on the grid of
ticks: half a tick is 0.25 s, and of 300 ms at least 150 lie in one of two neighbouring ticks. What is scraped else misses it:
on a machine of the test's own, whose CPUs do nothing besides (with KERNSTAT_FULL=1 the scrapes are a minute apart)."""

import os
import re
import sys
import tempfile
import threading
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from harness import BINARY, Daemon  # noqa: E402

NAME = "kernstat_cpu_busiest_ratio"
APART = 60 if os.environ.get("KERNSTAT_FULL") == "1" else 6


class QuietMachine:
    """A procfs of two CPUs that are idle; burst() keeps the second one busy for 300 ms. The file is written in place: the
    daemon keeps it open."""

    BURST = 0.3

    def __init__(self):
        self.directory = tempfile.TemporaryDirectory(prefix="kernstat-proc-")
        self.file = os.open(os.path.join(self.directory.name, "stat"), os.O_RDWR | os.O_CREAT, 0o644)
        self.begin = time.monotonic()
        self.burst_begin = None
        self.stop = threading.Event()
        self.write()
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def write(self):
        now = time.monotonic()
        busy = 0 if self.burst_begin is None else min(now - self.burst_begin, self.BURST)
        lines = []
        for cpu, seconds in (("cpu0", 0), ("cpu1", busy)):
            idle = now - self.begin - seconds
            lines.append(f"{cpu} {1000000 + int(seconds * 100)} 0 0 {1000000 + int(idle * 100)} 0 0 0 0 0 0\n")
        text = "".join(lines) + "ctxt 1\nbtime 1700000000\nprocesses 1\nprocs_running 1\nprocs_blocked 0\n"
        os.pwrite(self.file, text.encode(), 0)

    def run(self):
        while not self.stop.wait(0.02):
            self.write()

    def burst(self):
        self.burst_begin = time.monotonic()
        time.sleep(self.BURST)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop.set()
        self.thread.join()
        os.close(self.file)
        self.directory.cleanup()


def at_least_a_quarter(samples):
    return samples[NAME + "_count"] - samples[NAME + '_bucket{le="0.25"}']


class Burst(unittest.TestCase):
    def test_a_short_load_is_seen_between_two_scrapes(self):
        with Daemon() as daemon:
            daemon.wait(lambda: daemon.metrics()[NAME + "_count"] >= 2, "two folds")
            before = daemon.metrics()
            begin = time.clock_gettime(time.CLOCK_THREAD_CPUTIME_ID)
            while time.clock_gettime(time.CLOCK_THREAD_CPUTIME_ID) - begin < 0.3:
                pass
            count = daemon.metrics()[NAME + "_count"]
            daemon.wait(lambda: daemon.metrics()[NAME + "_count"] >= count + 2, "two more folds")
            after = daemon.metrics()
        self.assertGreaterEqual(at_least_a_quarter(after) - at_least_a_quarter(before), 1)

    def test_nothing_else_that_is_scraped_shows_it(self):
        with QuietMachine() as machine, Daemon(f"--path.procfs={machine.directory.name}") as daemon:
            daemon.wait(lambda: daemon.metrics()[NAME + "_count"] >= 2, "two folds")
            before = daemon.metrics()
            time.sleep(APART / 2)
            machine.burst()
            time.sleep(APART / 2)
            after = daemon.metrics()
        self.assertEqual(at_least_a_quarter(before), 0)
        self.assertGreaterEqual(at_least_a_quarter(after), 1)
        self.assertLessEqual(at_least_a_quarter(after), 2)
        self.assertGreaterEqual(after[NAME + "_count"] - before[NAME + "_count"], APART)
        self.assertEqual(before["node_procs_running"], after["node_procs_running"])
        for text in after:
            if found := re.fullmatch(r'node_cpu_seconds_total\{cpu="(\d)",mode="user"\}', text):
                share = (after[text] - before[text]) / APART
                self.assertLess(share, 0.1, found.group(1))


if __name__ == "__main__":
    if not os.access(BINARY, os.X_OK):
        print(f"{BINARY} is not built")
        sys.exit(77)
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    unittest.main()
