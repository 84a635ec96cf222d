#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# ctest: label=live
"""Soft interrupts of every vector are timed as often as /proc/softirqs counts them."""
import socket
import time

from common import eventually
from harness import at_least, expect, main, near, own_tool

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


def make_softirqs():
    """Each packet over loopback is one of net_rx at the most; an idle kernel has few others than timers."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sink, \
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as source:
        sink.bind(("127.0.0.1", 0))
        for _ in range(100):
            source.sendto(b"x", sink.getsockname())
            sink.recv(1)
            time.sleep(0.005)


@own_tool
def agrees_with_proc_softirqs(tool):
    def once():
        before, listed = tool.scrape(), softirqs()
        make_softirqs()
        after, now = tool.scrape(), softirqs()
        for name in ("timer", "net_rx"):
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


main("softirqtime", agrees_with_proc_softirqs, every_vector_exists)
