#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# ctest: label=live
"""Tasks that share a CPU wait for it: their waits are in the histogram of their class."""
import os
import subprocess
import sys
import time

from common import stop
from harness import at_least, expect, main

NAME = "kernstat_cpu_run_queue_wait_seconds"
TASKS = 3


def spinners(cpu):
    code = f"import os\nos.sched_setaffinity(0, {{{cpu}}})\nwhile True: pass"
    return [subprocess.Popen([sys.executable, "-c", code]) for _ in range(TASKS)]


def sharing_a_cpu_is_waiting(tool):
    before = tool.scrape()
    tasks = spinners(max(os.sched_getaffinity(0)))
    time.sleep(1.5)
    for task in tasks:
        stop(task)
    after = tool.scrape()
    where = {"class": "fair"}
    # Of three tasks two wait at any time; they need a moment to start.
    at_least(after.delta(before, NAME + "_sum", **where), 1.0, "seconds")
    at_least(after.delta(before, NAME + "_count", **where), 20, "waits")
    buckets = after.histogram(NAME, **where)
    longest = max(bound for bound, count in buckets.items()
                  if count > before.histogram(NAME, **where).get(bound, 0))
    at_least(longest, 0.002, "longest wait")
    expect(after.lost(), 0, "lost")


def every_class_exists(tool):
    classes = {labels["class"] for labels, _ in tool.scrape().select(NAME + "_count")}
    expect(classes, {"deadline", "realtime", "fair"}, "classes")


main("runqlat", sharing_a_cpu_is_waiting, every_class_exists)
