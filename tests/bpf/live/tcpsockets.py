#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# ctest: label=live
# lab: as root too
"""Sockets in known states and with known bytes in their queues, in two namespaces."""
import contextlib
import os
import subprocess
import time

from common_net import TRIES, connected, inside_namespaces, listener, namespace, within
from harness import Count, as_shipped, expect, main

inside_namespaces()

NAME = "kernstat_tcp_sockets"
BYTES = "kernstat_tcp_queue_bytes"
CONNECTIONS = 6


def make_sockets(stack):
    server = stack.enter_context(listener())
    pairs = [connected(server) for _ in range(CONNECTIONS)]
    for pair in pairs:
        for sock in pair:
            stack.enter_context(sock)
        pair[0].sendall(b"x" * 1000)
    for client, _ in pairs[:2]:
        client.shutdown(1)
    time.sleep(0.1)


def sockets(during, before, state):
    """How many more of them: gauges, which are counts of what the test made."""
    return Count(during.delta(before, NAME, family="inet", state=state))


def changes(tool):
    before = tool.scrape()
    with contextlib.ExitStack() as stack:
        make_sockets(stack)
        during = tool.scrape()
    for state, count in (("listen", 1), ("established", 2 * (CONNECTIONS - 2)), ("fin_wait2", 2), ("close_wait", 2)):
        expect(sockets(during, before, state), count, state)
    # A FIN takes a sequence number in the queue.
    expect(during.delta(before, BYTES, direction="receive"), CONNECTIONS * 1000 + 2, "unread")


def repeatedly(tool):
    for attempt in range(TRIES):
        counted = list(Count.checked)
        try:
            changes(tool)
            return
        except AssertionError:
            if attempt == TRIES - 1:
                raise
            Count.checked[:] = counted
            time.sleep(0.5)


def in_own_namespace(tool):
    repeatedly(tool)


def states_without_sockets_are_zero(tool):
    """Whoever asks for a state gets a number, and no state that there is not."""
    for _ in range(2):
        scrape = tool.scrape()
        shown = {(labels["family"], labels["state"]) for labels, _ in scrape.select(NAME)}
        expect(len(shown), 2 * 12, f"pairs of family and state in {sorted(shown)}")
        expect("other" in str(shown), False, "other")
        expect(scrape.sum(NAME, state="closing"), 0, "closing")


def in_another_namespace(tool):
    """A process has to be there for the namespace to be found: this one's thread is not enough."""
    if as_shipped():
        print("tcpsockets: other network namespaces are not tried as shipped: nobody enters them with so little")
        return
    with namespace(f"ks-s-{os.getpid()}") as name:
        with subprocess.Popen(["ip", "netns", "exec", name, "sleep", "60"]) as process:
            time.sleep(0.2)
            with within(name):
                repeatedly(tool)
            process.kill()


main("tcpsockets", in_own_namespace, states_without_sockets_are_zero, in_another_namespace)
