#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# ctest: label=live
"""Tasks that share a CPU wait for it: their waits are in the histogram of their class."""
import os
import signal
import time

from common_cgroup import CpuCgroup
from common_forced import forced
from harness import at_least, expect, in_lab, main, other_collector
from common_memory import in_group

NAME = "kernstat_cpu_run_queue_wait_seconds"
TASKS = 3
SHARE = 0.25


def spin(cpu):
    """A task that does nothing but use this CPU."""
    child = os.fork()
    if child == 0:
        os.sched_setaffinity(0, {cpu})
        while True:
            pass
    return child


def share_a_cpu(seconds):
    tasks = [spin(max(os.sched_getaffinity(0))) for _ in range(TASKS)]
    time.sleep(seconds)
    for task in tasks:
        os.kill(task, signal.SIGKILL)
    for task in tasks:
        os.waitpid(task, 0)


def turns():
    """How often a task came to run, by /proc/schedstat; None where this kernel does not count that."""
    if not os.path.exists("/proc/schedstat"):
        return None
    with open("/proc/schedstat", encoding="ascii") as file:
        return sum(int(line.split()[-1]) for line in file if line.startswith("cpu"))


def sharing_a_cpu_is_waiting(tool, seconds=1.5):
    outer, before, inner = turns(), tool.scrape(), turns()
    share_a_cpu(seconds)
    within = None if inner is None else turns() - inner
    after = tool.scrape()
    # Of three tasks two wait at any time; they need a moment to start.
    at_least(after.delta(before, NAME + "_sum", **{"class": "fair"}), seconds * 2 / 3, "seconds")
    waits = after.delta(before, NAME + "_count")
    if within is None:
        print("runqlat: the kernel's own count is not tried: there is no /proc/schedstat")
        at_least(waits, 20, "waits")
    else:
        at_least(waits, within, "waits")
        assert waits <= turns() - outer, f"{waits} waits, but tasks came to run {turns() - outer} times"
    buckets = after.histogram(NAME, **{"class": "fair"})
    longest = max(bound for bound, count in buckets.items()
                  if count > before.histogram(NAME, **{"class": "fair"}).get(bound, 0))
    at_least(longest, 0.002, "longest wait")
    expect(after.lost(), 0, "lost")


def stamps_count_the_same(_):
    """What is used where the scheduler's own note cannot be read."""
    with forced("runqlat", "switch", "on_wakeup", "on_wakeup_new", "on_switch_stamps") as tool:
        sharing_a_cpu_is_waiting(tool, 0.5)


def spin_for_a_second():
    end = time.monotonic() + 1
    while time.monotonic() < end:
        pass


def a_quota_of_a_cgroup_is_waiting(tool):
    """cpu.max: a task that has used its share of a period waits for the next one, and is runnable."""
    if not in_lab():
        return
    with CpuCgroup(SHARE) as group, other_collector("pressure") as stalls:
        before, stalled_before = tool.scrape(), stalls.scrape()
        expect(in_group(group.path, spin_for_a_second), 0, "exit code")
        after, stalled = tool.scrape(), stalls.scrape()
        throttled = group.throttled_seconds()
        at_least(throttled, 0.3, "seconds without a share left")
        at_least(after.delta(before, NAME + "_sum", **{"class": "fair"}), 0.8 * throttled, "seconds")
        # The kernel weighs the CPUs by what they did besides.
        at_least(stalled.delta(stalled_before, "node_pressure_cpu_waiting_seconds_total"), 0.25 * throttled,
                 "seconds of pressure")


def every_class_exists(tool):
    classes = {labels["class"] for labels, _ in tool.scrape().select(NAME + "_count")}
    expect(classes, {"deadline", "realtime", "fair"}, "classes")


main("runqlat", sharing_a_cpu_is_waiting, stamps_count_the_same, a_quota_of_a_cgroup_is_waiting, every_class_exists)
