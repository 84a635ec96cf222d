#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# ctest: label=live timeout=120
"""What comes after the start is attached to as well, and what went is let go, without a touch to the rest: a C library
of a container's own, a CPU that comes back. The tools' clock runs ahead, ten seconds a read."""
import contextlib
import os
import shutil
import subprocess
import tempfile
import time

from harness import Tool, at_least, expect, need_root

LOOKUPS = "kernstat_dns_lookup_duration_seconds_count"
SAMPLES = "kernstat_cpu_samples_total"
STEP = ["--step=10"]
READS_TO_FORGET = 31  # five minutes
CALLS = 40
# Looks names up, as often as it is told.
CLIENT = """
import socket, sys
for line in sys.stdin:
    for _ in range(int(line)):
        socket.getaddrinfo("127.0.0.1", 80, socket.AF_INET, socket.SOCK_STREAM, 0, socket.AI_NUMERICHOST)
    print("done", flush=True)
"""


def links(pid):
    """The links that the driver holds, by the kernel's numbers."""
    found = set()
    for fd in os.listdir(f"/proc/{pid}/fdinfo"):
        with contextlib.suppress(FileNotFoundError), open(f"/proc/{pid}/fdinfo/{fd}", encoding="ascii") as info:
            found |= {int(line.split()[1]) for line in info if line.startswith("link_id:")}
    return found


def c_library():
    """The file that this process has mapped."""
    with open("/proc/self/maps", encoding="utf-8") as maps:
        return next(line.split()[-1] for line in maps if line.rstrip().endswith("/libc.so.6"))


@contextlib.contextmanager
def container():
    """A process in a mount namespace of its own, with a C library that nobody else has."""
    directory = tempfile.mkdtemp(dir="/var/tmp")
    shutil.copy(c_library(), directory + "/libc.so.6")
    process = subprocess.Popen(["unshare", "--mount", "/usr/bin/python3", "-c", CLIENT], stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE, text=True, env={**os.environ, "LD_LIBRARY_PATH": directory})
    try:
        yield process
    finally:
        process.stdin.close()
        process.wait(timeout=20)
        shutil.rmtree(directory)


def look_up(process, count):
    process.stdin.write(f"{count}\n")
    process.stdin.flush()
    expect(process.stdout.readline(), "done\n", "the client")


def a_library_that_comes_later():
    with Tool("gethostlatency", options=STEP) as tool:
        tool.scrape()
        at_first = links(tool.pid)
        at_least(len(at_first), 2, "links")
        with container() as process:
            before = tool.scrape()
            look_up(process, 1)
            tool.scrape()
            before = tool.scrape()
            look_up(process, CALLS)
            after = tool.scrape()
            expect(after.delta(before, LOOKUPS, call="getaddrinfo"), CALLS, "calls in the container")
            with_container = links(tool.pid)
            assert at_first < with_container, "links that stayed were touched, or none was added"
        for _ in range(READS_TO_FORGET):
            tool.scrape()
        expect(links(tool.pid), at_first, "links when the container has gone")
        assert tool.scrape().sum(LOOKUPS) >= after.sum(LOOKUPS), "counts stay"
    print("ok late: a_library_that_comes_later")


def sysfs(directory):
    """A /sys of which only the list of CPUs on line is another; gives that file."""
    os.makedirs(directory + "/devices/system/cpu")
    for name in os.listdir("/sys"):
        if name != "devices":
            os.symlink("/sys/" + name, f"{directory}/{name}")
    return directory + "/devices/system/cpu/online"


def write(path, text):
    with open(path, "w", encoding="ascii") as file:
        file.write(text + "\n")


def samples_of_a_busy_cpu(tool, cpu):
    before = tool.scrape()
    os.sched_setaffinity(0, {cpu})
    end = time.monotonic() + 1
    while time.monotonic() < end:
        sum(range(1000))
    return tool.scrape().delta(before, SAMPLES, subsystem="user")


def a_cpu_that_goes_and_comes():
    cpus = sorted(os.sched_getaffinity(0))
    if len(cpus) < 2:
        print("late: only one CPU here, which cannot go")
        return
    gone = cpus[-1]
    with tempfile.TemporaryDirectory() as directory:
        online = sysfs(directory)
        write(online, ",".join(map(str, cpus)))
        with Tool("oncpu", options=[*STEP, "--sys=" + directory]) as tool:
            tool.scrape()
            at_first = links(tool.pid)
            expect(len(at_first), len(cpus), "links, one a CPU")
            write(online, ",".join(map(str, cpus[:-1])))
            tool.scrape()
            without = links(tool.pid)
            assert without < at_first and len(without) == len(cpus) - 1, "the link of a CPU that went is let go"
            write(online, ",".join(map(str, cpus)))
            tool.scrape()
            again = links(tool.pid)
            assert without < again and len(again) == len(cpus), "links that stayed were touched, or none was added"
            at_least(samples_of_a_busy_cpu(tool, gone), 25, "samples of the CPU that came back")
            os.sched_setaffinity(0, cpus)
    print("ok late: a_cpu_that_goes_and_comes")


need_root()
a_library_that_comes_later()
a_cpu_that_goes_and_comes()
