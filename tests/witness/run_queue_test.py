#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# ctest: label=witness
"""Tasks that share a CPU wait as long as the scheduler's own statistics of them say.

They run in a real-time class, where nobody else waits; sched_info counts their waits in
/proc/PID/schedstat."""
import os
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "bpf", "live"))
# pylint: disable=wrong-import-position
from common import stop
from harness import at_least, main, near, skip

NAME = "kernstat_cpu_run_queue_wait_seconds"
TASKS = 3

SPIN = """
import os, sys
os.sched_setaffinity(0, {{{cpu}}})
os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))
os.kill(os.getpid(), 19)
while True: pass
"""


def waits_of(pid):
    with open(f"/proc/{pid}/schedstat", encoding="ascii") as file:
        return int(file.read().split()[1]) / 1e9


def state_of(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        return file.read().rsplit(")", 1)[1].split()[0]


def start_stopped(cpu):
    tasks = [subprocess.Popen([sys.executable, "-c", SPIN.format(cpu=cpu)]) for _ in range(TASKS)]
    for task in tasks:
        for _ in range(100):
            if task.poll() is not None:
                skip("real-time scheduling is not allowed")
            if state_of(task.pid) == "T":
                break
            time.sleep(0.05)
    return tasks


def signal_all(tasks, number):
    for task in tasks:
        task.send_signal(number)


def waits_agree_with_schedstat(tool):
    if not os.path.exists("/proc/self/schedstat"):
        skip("no /proc/PID/schedstat")
    cpu = max(os.sched_getaffinity(0))
    tasks = start_stopped(cpu)
    try:
        before, own = tool.scrape(), sum(waits_of(task.pid) for task in tasks)
        signal_all(tasks, signal.SIGCONT)
        time.sleep(1)
        signal_all(tasks, signal.SIGSTOP)
        time.sleep(0.3)
        after = tool.scrape()
        own = sum(waits_of(task.pid) for task in tasks) - own
        at_least(own, 1.0, "seconds by schedstat")
        near(after.delta(before, NAME + "_sum", **{"class": "realtime"}), own, 0.01, "seconds")
        at_least(after.delta(before, NAME + "_count", **{"class": "realtime"}), TASKS, "waits")
    finally:
        for task in tasks:
            stop(task)


main("runqlat", waits_agree_with_schedstat)
