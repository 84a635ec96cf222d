#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# ctest: label=live
"""Packets through a token bucket that takes its time, in a network namespace that is the tool's own."""
import socket
import time

from common_net import eventually, inside_namespaces
from harness import at_least, expect, main, near, run

inside_namespaces()
NAME = "kernstat_net_qdisc_delay_seconds"
COUNT = 20
WHERE = {"device": "ksq0", "kind": "tbf"}


def device():
    run("ip", "link", "set", "lo", "up")
    run("ip", "link", "add", "ksq0", "type", "veth", "peer", "name", "ksq1")
    for name in ("ksq0", "ksq1"):
        run("sysctl", "-q", "-w", f"net.ipv6.conf.{name}.disable_ipv6=1", check=False)
        run("ip", "link", "set", name, "up")
    run("ip", "addr", "add", "10.78.0.1/24", "dev", "ksq0")
    run("ip", "neigh", "replace", "10.78.0.2", "lladdr", "02:00:00:00:00:02", "dev", "ksq0", "nud", "permanent")
    # 1042 bytes take 8.3 ms at this rate.
    run("tc", "qdisc", "add", "dev", "ksq0", "root", "tbf", "rate", "1mbit", "burst", "1200", "latency", "1s")


def burst(count=COUNT):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        for _ in range(count):
            sock.sendto(b"x" * 1000, ("10.78.0.2", 9))
    time.sleep(count * 0.0085 + 0.1)


def every_packet(tool):
    before = tool.scrape()
    burst()
    after = tool.scrape()
    expect(after.delta(before, NAME + "_count", **WHERE), COUNT, "packets")
    # The n-th waits for those before it.
    near(after.delta(before, NAME + "_sum", **WHERE), sum(range(COUNT)) * 1042 * 8 / 1e6, 0.25, "seconds")
    expect(after.lost(), 0, "lost")


def follows_a_new_name(tool):
    burst(3)
    run("ip", "link", "set", "ksq0", "down")
    run("ip", "link", "set", "ksq0", "name", "ksq9")
    run("ip", "link", "set", "ksq9", "up")

    def renamed(scrape):
        expect(scrape.sum(NAME + "_count", device="ksq9", kind="tbf"), 3, "by the new name")
        assert not scrape.has(NAME + "_count", device="ksq0"), "the old name is still there"

    def removed(scrape):
        assert not scrape.has(NAME + "_count", device="ksq9"), "a removed device is still there"
        # Devices of other namespaces are "other" as well.
        at_least(scrape.sum(NAME + "_count", device="other"), 3, "kept as other")

    eventually(tool, renamed)
    run("ip", "link", "del", "ksq9")
    eventually(tool, removed)


device()
main("qdisclat", every_packet, follows_a_new_name, one_in=1)
