#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# ctest: label=live timeout=120
"""What processes may do to a tool: names of any bytes, more of them than fit, ends that never come."""
import ctypes
import os
import signal
import subprocess
import time

from harness import Tool, at_least, build_dir, expect, main

EXITS = "kernstat_test_exits_total"
ALL = "kernstat_test_all_exits_total"
LIBC = ctypes.CDLL(None)
PR_SET_NAME = 15
DIRECTORY = os.path.join(build_dir(), "tests/bpf/tools")


def end_as(name):
    """A child that calls itself `name` and ends."""
    pid = os.fork()
    if pid == 0:
        LIBC.prctl(PR_SET_NAME, name, 0, 0, 0)
        os._exit(0)
    os.waitpid(pid, 0)


def names_of_any_bytes(tool):
    names = {b"\xff\xfe\xc0bad": "\ufffd\ufffd\ufffdbad", b'quo"te\\s': 'quo"te\\s',
             b"new\nline": "new\nline", "grün".encode(): "grün",
             b"fifteen bytes\xc3\xbc": "fifteen bytes\u00fc", b"{}=,": "{}=,"}
    before = tool.scrape()
    for name in names:
        for _ in range(3):
            end_as(name)
    after = tool.scrape()
    for shown in names.values():
        expect(after.delta(before, EXITS, name=shown), 3, f"exits of {shown!r}")
    expect(after.delta(before, ALL), 3 * len(names), "all exits")


def more_names_than_fit(tool):
    before = tool.scrape()
    for i in range(40):
        end_as(b"name%d" % i)
    after = tool.scrape()
    expect(after.delta(before, ALL), 40, "all exits")
    expect(after.delta(before, EXITS), 40, "sum of all names")
    expect(after.delta(before, EXITS, name="other"), 32, "exits in other")
    expect(after.delta(before, "kernstat_bpf_map_full_total", map="names"), 32, "full map")
    expect(after.sum("kernstat_bpf_map_entries", map="names"), 9, "entries")


def a_larger_map_has_room(_):
    """max_series of the configuration, in place of the YAML's 8."""
    with Tool("hostile", directory=DIRECTORY, options=["--max-series=20"], only_tgid=os.getpid()) as larger:
        before = larger.scrape()
        for i in range(40):
            end_as(b"name%d" % i)
        after = larger.scrape()
        expect(after.delta(before, EXITS), 40, "sum of all names")
        expect(after.delta(before, EXITS, name="other"), 20, "exits in other")
        expect(after.sum("kernstat_bpf_map_capacity", map="names"), 21, "capacity")


def ends_that_never_come(tool):
    before = tool.scrape()
    for _ in range(20):
        end_as(b"begun")
    after = tool.scrape()
    expect(after.delta(before, "kernstat_bpf_map_full_total", map="pending"), 4, "full map")
    time.sleep(1.3)
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        after = tool.scrape()
        if after.sum("kernstat_bpf_swept_total", map="pending") == 16:
            break
        time.sleep(0.3)
    expect(after.sum("kernstat_bpf_swept_total", map="pending"), 16, "swept")


def unnamed_processes_are_lost_aloud(tool):
    end_as(b"")
    expect(tool.scrape().sum("kernstat_bpf_lost_total", reason="unnamed"), 1, "lost")


def ten_thousand_processes(tool):
    before = tool.scrape()
    for i in range(10_000):
        end_as(b"p%d" % (i % 100))
        if i % 1000 == 0:
            middle = tool.scrape()
            at_least(middle.delta(before, ALL), i, "exits so far")
    after = tool.scrape()
    expect(after.delta(before, ALL), 10_000, "all exits")
    expect(after.delta(before, EXITS), 10_000, "sum of all names")


def killed_tool_leaves_nothing(tool):
    def programs():
        listed = subprocess.run(["bpftool", "prog", "show"], capture_output=True, text=True)
        return listed.stdout.count("name on_exit_")

    with_one = programs()
    victim = Tool("hostile", directory=DIRECTORY, only_tgid=1)
    expect(programs(), with_one + 1, "programs with a second tool")
    os.kill(victim.pid, signal.SIGKILL)
    victim.process.wait()
    for _ in range(50):
        if programs() == with_one:
            return
        time.sleep(0.1)
    expect(programs(), with_one, "programs after SIGKILL")


main("hostile", names_of_any_bytes, more_names_than_fit, a_larger_map_has_room, ends_that_never_come,
     unnamed_processes_are_lost_aloud, ten_thousand_processes, killed_tool_leaves_nothing,
     directory=DIRECTORY, only_tgid=os.getpid())
