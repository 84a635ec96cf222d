#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# ctest: label=live
# lab: as root too
"""Samples come 49 times a second on each CPU, and fall where the work is done."""
import os
import time

from harness import at_least, in_lab, main, near

NAME = "kernstat_cpu_samples_total"
RATE = 49
SECONDS = 2


def spin_in_user_space(end):
    while time.monotonic() < end:
        sum(range(1000))


def read_zeros(end):
    """Nearly all of the time is spent clearing a buffer, in drivers/char/mem.c."""
    buffer = bytearray(1 << 20)
    with open("/dev/zero", "rb", buffering=0) as file:
        while time.monotonic() < end:
            file.readinto(buffer)


def write_tmpfs(end):
    """Copying into and freeing of pages: mm and fs."""
    data = bytes(1 << 20)
    while time.monotonic() < end:
        with open("/dev/shm/kernstat-oncpu", "wb", buffering=0) as file:
            for _ in range(16):
                file.write(data)
    os.unlink("/dev/shm/kernstat-oncpu")


def own_cpu_seconds():
    times = os.times()
    return times.user + times.system


def sampled(tool, work, *subsystems):
    """The samples in these subsystems are at least most of what our own CPU time must have given."""
    before, used = tool.scrape(), own_cpu_seconds()
    work(time.monotonic() + SECONDS)
    used = own_cpu_seconds() - used
    after = tool.scrape()
    samples = sum(after.delta(before, NAME, subsystem=name) for name in subsystems)
    at_least(samples, 0.6 * used * RATE, f"samples in {subsystems}")


def rate_is_right(tool):
    """Each CPU is kept busy: kernels from 6.18 on take no samples of a CPU that sleeps."""
    spinners = []
    for cpu in os.sched_getaffinity(0):
        child = os.fork()
        if child == 0:
            os.sched_setaffinity(0, {cpu})
            spin_in_user_space(time.monotonic() + SECONDS + 2)
            os._exit(0)
        spinners.append(child)
    time.sleep(0.3)
    before = tool.scrape()
    time.sleep(SECONDS)
    after = tool.scrape()
    elapsed = after.time - before.time
    for child in spinners:
        os.waitpid(child, 0)
    near(after.delta(before, NAME), elapsed * RATE * len(spinners), 0.3 if in_lab() else 0.1, "samples")


def user_space(tool):
    sampled(tool, spin_in_user_space, "user")


def drivers(tool):
    sampled(tool, read_zeros, "drivers")


def memory_and_files(tool):
    sampled(tool, write_tmpfs, "mm", "fs")


main("oncpu", rate_is_right, user_space, drivers, memory_and_files)
