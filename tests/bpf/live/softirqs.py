#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# ctest: label=live
"""Soft interrupts of every vector are timed as often as /proc/softirqs counts them."""
import time

from common import eventually
from harness import at_least, expect, main, near

NAME = "kernstat_cpu_softirq_seconds"
VECTORS = {"hi", "timer", "net_tx", "net_rx", "block", "irq_poll", "tasklet", "sched", "hrtimer", "rcu"}


def softirqs():
    result = {}
    with open("/proc/softirqs", encoding="ascii") as file:
        next(file)
        for line in file:
            name, counts = line.split(":")
            result[name.strip().lower()] = sum(map(int, counts.split()))
    return result


def agrees_with_proc_softirqs(tool):
    def once():
        before, listed = tool.scrape(), softirqs()
        time.sleep(1.5)
        after, now = tool.scrape(), softirqs()
        for name in ("timer", "rcu"):
            moved = now[name] - listed[name]
            at_least(moved, 5, name)
            # A few may come between two reads.
            near(after.delta(before, NAME + "_count", vector=name), moved, 0.05 + 4 / moved, name)
            seconds = after.delta(before, NAME + "_sum", vector=name)
            assert 0 < seconds < 3, f"{name}: {seconds} s"
    eventually(once)


def every_vector_exists(tool):
    expect({labels["vector"] for labels, _ in tool.scrape().select(NAME + "_count")}, VECTORS,
           "vectors")


main("softirqs", agrees_with_proc_softirqs, every_vector_exists)
