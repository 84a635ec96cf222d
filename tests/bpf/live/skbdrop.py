#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# ctest: label=live
"""Packets dropped for known reasons, on purpose."""
import os
import socket
import time

from common_net import Pair, closed_port, connected, inside_namespaces, listener, quietly, refuse, tc_drops, within
from harness import as_shipped, at_least, expect, main

inside_namespaces()

NAME = "kernstat_net_packet_drops_by_reason_total"
PLACES = "kernstat_net_packet_drops_by_location_total"
BENIGN = "kernstat_net_packet_drops_benign_total"
COUNT = 25


def reasons():
    """Whether this kernel tells why it drops packets (5.17)."""
    with open(os.environ.get("KERNSTAT_BTF", "/sys/kernel/btf/vmlinux"), "rb") as file:
        return b"SKB_DROP_REASON_NO_SOCKET" in file.read()


def send(address, port, count=COUNT):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        for _ in range(count):
            sock.sendto(b"x" * 100, (address, port))
            time.sleep(0.001)


def nobody_listens_udp(tool):
    with listener() as lender:
        port = lender.getsockname()[1]

        def check(before, after):
            reason = {"reason": "no_socket"} if reasons() else {}
            expect(after.delta(before, NAME, protocol="udp", **reason), COUNT, "no_socket")
            expect(after.delta(before, NAME), after.delta(before, "kernstat_net_packet_drops_total"), "total")
            expect(after.lost(), 0, "lost")

        quietly(tool, lambda: send("127.0.0.1", port), check)


def places_have_names(tool):
    """Without reasons there is the function, for those who may see the kernel's addresses. In a slow machine the first
    places are named at once, and later ones much later."""
    if reasons():
        return
    send("127.0.0.1", closed_port())
    names = {labels["location"] for labels, _ in tool.scrape().select(PLACES)}
    if as_shipped():
        expect(names, {"other"}, "names")
        return
    with open("/proc/kallsyms", encoding="ascii") as file:
        functions = {line.split()[2] for line in file}
    at_least(len(names & functions), 1, f"functions among {names}")
    expect(names - functions - {"other"}, set(), "names of no function")


def by_a_classifier(tool):
    """A classifier that drops everything, and counts it."""
    with Pair() as pair:
        for where in ("egress", "ingress"):
            name, device = (pair.a, "v0") if where == "egress" else (pair.b, "v1")
            with tc_drops(name, device, where) as dropped:
                def stimulus():
                    before = dropped()
                    with within(pair.a):
                        send(pair.LOST, 9)
                    time.sleep(0.1)
                    return dropped() - before

                def check(before, after, drops):
                    reason = {"reason": "tc_" + where} if reasons() else {}
                    at_least(drops, COUNT, where)
                    expect(after.delta(before, NAME, protocol="udp", **reason), COUNT, where)
                    if reasons():
                        expect(after.delta(before, NAME, **reason), drops, where)

                quietly(tool, stimulus, check)


def refused_connection(tool):
    """The SYN to a port where nobody listens."""
    port = closed_port()

    def check(before, after):
        reason = {"reason": "no_socket"} if reasons() else {}
        at_least(after.delta(before, NAME, protocol="tcp", **reason), 3, "SYNs")

    quietly(tool, lambda: refuse(port, 3), check)


def closed_sockets_lose_nothing(tool):
    """What a socket had not read when it was closed is no loss on the way."""
    if not reasons():
        return
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        before = tool.scrape()
        send("127.0.0.1", probe.getsockname()[1])
    with listener() as server:
        for sock in connected(server):
            sock.close()
    after = tool.scrape()
    at_least(after.sum(BENIGN), before.sum(BENIGN), "benign")
    expect(after.sum(NAME, reason="queue_purge"), 0, "purged queues among the losses")


def nobody_listens(tool):
    nobody_listens_udp(tool)
    refused_connection(tool)
    closed_sockets_lose_nothing(tool)


main("skbdrop", nobody_listens, places_have_names, by_a_classifier)
