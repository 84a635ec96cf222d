#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# ctest: timeout=120
"""300 ms of load on one CPU between two scrapes shows in the histogram of the busiest CPU, wherever it lies on the grid of
ticks: half a tick is 0.25 s, and of 300 ms at least 150 lie in one of two neighbouring ticks."""

import os
import sys
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from harness import BINARY, Daemon  # noqa: E402

NAME = "kernstat_cpu_busiest_ratio"


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


if __name__ == "__main__":
    if not os.access(BINARY, os.X_OK):
        print(f"{BINARY} is not built")
        sys.exit(77)
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    unittest.main()
