#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# ctest: label=live
"""Interfaces that are renamed and removed while they are read, and those of other namespaces."""
import os
import socket
import time

from harness import at_least, build_dir, expect, main, run

DIRECTORY = os.path.join(build_dir(), "tests/bpf/tools")
QUEUED = "kernstat_test_queued_total"
ALL = "kernstat_test_all_queued_total"
ETH_P_LOOP = 0x9000


def send(device, count):
    raw = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    raw.bind((device, 0))
    for _ in range(count):
        raw.send(b"\xff" * 6 + b"\x02" + bytes(5) + ETH_P_LOOP.to_bytes(2, "big") + bytes(50))
    raw.close()


class Pair:
    """A veth pair that is up."""

    def __init__(self):
        self.names = [f"ks{os.getpid() % 10000}a", f"ks{os.getpid() % 10000}b"]

    def __enter__(self):
        run("ip", "link", "add", self.names[0], "type", "veth", "peer", "name", self.names[1])
        for name in self.names:
            run("ip", "link", "set", name, "up")
        return self

    def __exit__(self, *_):
        run("ip", "link", "delete", self.names[0], check=False)
        return False


def follows_renames(tool):
    with Pair() as pair:
        old, new = pair.names[0], pair.names[0] + "x"
        before = tool.scrape()
        send(old, 20)
        during = tool.scrape()
        at_least(during.delta(before, QUEUED, device=old), 20, "before the renaming")
        run("ip", "link", "set", old, "down")
        run("ip", "link", "set", old, "name", new)
        run("ip", "link", "set", new, "up")
        send(new, 5)
        time.sleep(0.1)
        after = tool.scrape()
        pair.names[0] = new
        assert not after.has(QUEUED, device=old), "the old name is gone"
        at_least(after.sum(QUEUED, device=new), 25, "the series goes on under the new name")


def removed_ones_go_into_other(tool):
    with Pair() as pair:
        send(pair.names[0], 30)
        before = tool.scrape()
        at_least(before.sum(QUEUED, device=pair.names[0]), 30)
    time.sleep(0.1)  # names are followed once in 10 ms
    tool.scrape()
    after = tool.scrape()
    for name in pair.names:
        assert not after.has(QUEUED, device=name), f"{name} is still there"
    at_least(after.delta(before, QUEUED, device="other"), 30, "other")
    at_least(after.sum(ALL), before.sum(ALL), "the total never goes back")
    at_least(after.sum("kernstat_bpf_series_aged_total", map="queued"), 1, "aged")


def other_namespaces_are_other(tool):
    name = f"ks{os.getpid()}"
    run("ip", "netns", "add", name)
    try:
        run("ip", "-n", name, "link", "set", "lo", "up")
        before = tool.scrape()
        run("ip", "netns", "exec", name, "python3", "-c",
            "import socket\ns=socket.socket(socket.AF_INET,socket.SOCK_DGRAM)\n"
            "for _ in range(40): s.sendto(b'x',('127.0.0.1',9))", check=False)
        after = tool.scrape()
        at_least(after.delta(before, QUEUED, device="other"), 40, "lo of another namespace")
    finally:
        run("ip", "netns", "delete", name)


def a_hundred_that_come_and_go(tool):
    before = tool.scrape().sum(ALL)
    deadline = time.monotonic() + 20
    for i in range(100):
        if time.monotonic() > deadline:
            break
        with Pair() as pair:
            send(pair.names[0], 2)
            if i % 7 == 0:
                total = tool.scrape().sum(ALL)
                at_least(total, before, "total")
                before = total
    time.sleep(0.1)
    tool.scrape()
    after = tool.scrape()
    # Bounded by the map, and the names of removed ones are not kept.
    assert after.sum("kernstat_bpf_map_entries", map="queued") <= 65
    expect(len([1 for labels, _ in after.select(QUEUED) if labels["device"].startswith("ks")]), 0)


main("netdev", follows_renames, removed_ones_go_into_other, other_namespaces_are_other,
     a_hundred_that_come_and_go, directory=DIRECTORY)
