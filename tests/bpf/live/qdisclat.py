#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# ctest: label=live
"""Packets through queueing disciplines that take their time, in a network namespace that is the tool's own."""
import contextlib
import socket
import time

from common_net import eventually, inside_namespaces, ip, no_ipv6
from harness import at_least, expect, in_lab, main, run, slack

inside_namespaces()
NAME = "kernstat_net_qdisc_delay_seconds"
COUNT = 20
SIZE = 1042  # with the headers
RATE = 125000  # bytes a second: a packet takes 8.3 ms
TIME = sum(range(COUNT)) * SIZE / RATE  # the n-th waits for those before it
TBF = ("tbf", "rate", f"{RATE * 8}bit", "burst", "1200", "latency", "1s")
SO_MAX_PACING_RATE = 47


@contextlib.contextmanager
def device(name, *discipline):
    """A veth pair with this root discipline; false when the kernel has none of the kind."""
    run("ip", "link", "del", name, check=False)
    run("ip", "link", "add", name, "type", "veth", "peer", "name", name + "p")
    try:
        for end in (name, name + "p"):
            no_ipv6(None, end)
        ip(None, f"link set {name} up", f"link set {name}p up", f"addr add 10.78.0.1/24 dev {name}",
           f"neigh replace 10.78.0.2 lladdr 02:00:00:00:00:02 dev {name} nud permanent")
        made = run("tc", "qdisc", "add", "dev", name, "root", "handle", "1:", *discipline, check=in_lab())
        yield made.returncode == 0
    finally:
        # Under a test it may have another name by now.
        run("ip", "link", "del", name + "p", check=False)


def burst(count=COUNT, pacing=0):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        if pacing:
            sock.setsockopt(socket.SOL_SOCKET, SO_MAX_PACING_RATE, pacing)
        for _ in range(count):
            sock.sendto(b"x" * 1000, ("10.78.0.2", 9))
        time.sleep(count * SIZE / RATE + 0.1)


def every_packet(tool):
    with device("ksq0", *TBF):
        where = {"device": "ksq0", "kind": "tbf"}
        before = tool.scrape()
        burst()
        after = tool.scrape()
        expect(after.delta(before, NAME + "_count", **where), COUNT, "packets")
        seconds = after.delta(before, NAME + "_sum", **where)
        assert 0.75 * TIME < seconds < 1.25 * TIME * slack(), f"{seconds} s where {TIME} s were to be"
        expect(after.lost(), 0, "lost")


def other_kinds(tool):
    """netem delays each packet by 50 ms, from a moment before the kernel tells of it; fq paces a socket after its first
    15 kB: of so many packets some wait even if sending is slow; fq_codel with a filter lets none pass by its queue."""
    for kind, options, pacing, count, least in (("netem", ("delay", "50ms"), 0, COUNT, COUNT * 0.049),
                                                ("fq", (), RATE, 2 * COUNT, TIME * 0.08),
                                                ("fq_codel", (), 0, COUNT, 1e-7)):
        name = "ks" + kind[:6]
        with device(name, kind, *options) as there:
            if not there:
                print(f"qdisclat: {kind} is not tried, this kernel has none")
                continue
            if kind == "fq_codel":
                run("tc", "filter", "add", "dev", name, "parent", "1:", "prio", "1", "matchall", "classid", "1:1")
            before = tool.scrape()
            burst(count, pacing)
            after = tool.scrape()
            where = {"device": name, "kind": kind}
            # The first may find fq empty.
            at_least(after.delta(before, NAME + "_count", **where), count - 1, kind)
            seconds = after.delta(before, NAME + "_sum", **where)
            assert least <= seconds < 10 * slack(), f"{kind}: {seconds} s"


def follows_a_new_name(tool):
    with device("ksq1", *TBF):
        before = tool.scrape()
        burst(3)
        ip(None, "link set ksq1 down", "link set ksq1 name ksq9", "link set ksq9 up")

        def renamed(scrape):
            expect(scrape.sum(NAME + "_count", device="ksq9", kind="tbf"), 3, "by the new name")
            assert not scrape.has(NAME + "_count", device="ksq1"), "the old name is still there"

        def removed(scrape):
            assert not scrape.has(NAME + "_count", device="ksq9"), "a removed device is still there"
            # Devices of other namespaces are "other" as well.
            at_least(scrape.delta(before, NAME + "_count", device="other"), 3, "kept as other")

        eventually(tool, renamed)
        run("ip", "link", "del", "ksq9")
        eventually(tool, removed)


run("ip", "link", "set", "lo", "up")
main("qdisclat", every_packet, other_kinds, follows_a_new_name, one_in=1)
