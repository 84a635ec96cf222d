#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# ctest: label=live
"""Iterators: sockets into a map, tasks as records, in every network namespace."""
import os
import socket
import subprocess
import threading

from common import eventually
from harness import at_least, build_dir, expect, main, run

SOCKETS = "kernstat_test_sockets"
TASKS = "kernstat_test_tasks"
DIRECTORY = os.path.join(build_dir(), "tests/bpf/tools")


def sockets_come_and_go(tool):
    before = tool.scrape()
    listeners = [socket.create_server(("127.0.0.1", 0)) for _ in range(11)]
    during = tool.scrape()
    at_least(during.delta(before, SOCKETS, state="listen", family="inet"), 11, "listening")
    for each in listeners:
        each.close()
    after = tool.scrape()
    expect(after.sum(SOCKETS, state="listen", family="inet"),
           before.sum(SOCKETS, state="listen", family="inet"), "listening afterwards")


def other_namespaces_are_visited(tool):
    name = f"ks{os.getpid()}"
    run("ip", "netns", "add", name)
    try:
        before = tool.scrape()
        code = ("import socket,sys\n"
                "s=[socket.create_server(('127.0.0.1',0)) for _ in range(7)]\n"
                "print('up',flush=True)\nsys.stdin.read()")
        child = subprocess.Popen(["ip", "netns", "exec", name, "python3", "-c", code],
                                 stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        run("ip", "-n", name, "link", "set", "lo", "up")
        child.stdout.readline()
        after = tool.scrape()
        expect(after.delta(before, SOCKETS, state="listen", family="inet"), 7, "in the namespace")
        child.stdin.close()
        child.wait(timeout=10)
    finally:
        run("ip", "netns", "delete", name)


def threads_are_all_seen(tool):
    """Only those of this process: what else runs here comes and goes."""
    expect(tool.scrape().sum(TASKS, kind="user"), 1, "threads")
    go = threading.Event()
    threads = [threading.Thread(target=go.wait) for _ in range(300)]
    for each in threads:
        each.start()
    expect(tool.scrape().sum(TASKS, kind="user"), 301, "threads")
    go.set()
    for each in threads:
        each.join()
    expect(tool.scrape().sum(TASKS, kind="user"), 1, "threads afterwards")


def undisturbed(test):
    """Others open and close sockets on this host too."""
    def several_times(tool):
        eventually(lambda: test(tool))
    several_times.__name__ = test.__name__
    return several_times


main("walkers", undisturbed(sockets_come_and_go), undisturbed(other_namespaces_are_visited), threads_are_all_seen,
     directory=DIRECTORY, only_tgid=os.getpid())
