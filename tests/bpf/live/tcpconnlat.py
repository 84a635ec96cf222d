#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# ctest: label=live timeout=300
"""Connections that come to every end a connect can have."""
import contextlib
import socket
import time

from common_net import (Pair, closed_port, connected, inside_namespaces, listener, own_net_namespace, quietly, refuse,
                        within)
from harness import expect, main, slack

inside_namespaces()

NAME = "kernstat_tcp_connect_duration_seconds"


def count(before, after, **labels):
    return after.delta(before, NAME + "_count", **labels)


def established(tool):
    for address, family in (("127.0.0.1", "inet"), ("::1", "inet6")):
        with listener(address) as server:
            def stimulus():
                for _ in range(5):
                    for sock in connected(server):
                        sock.close()

            def check(before, after):
                expect(count(before, after, family=family, result="established"), 5, family)
                assert 0 < after.delta(before, NAME + "_sum", family=family) < 5, "seconds"
                expect(after.lost(), 0, "lost")

            quietly(tool, stimulus, check)


def refused(tool):
    port = closed_port()
    quietly(tool, lambda: refuse(port, 3), lambda before, after: expect(
        count(before, after, family="inet", result="refused"), 3, "refused"))


def unanswered(tool):
    """Silence, a program that does not wait, and a host that does not exist."""
    with Pair() as pair, within(pair.a):
        def stimulus():
            with contextlib.ExitStack() as stack:
                patient = stack.enter_context(socket.socket())
                patient.setsockopt(socket.IPPROTO_TCP, socket.TCP_SYNCNT, 1)
                hasty = socket.socket()
                hasty.setblocking(False)
                hasty.connect_ex((pair.LOST, 9))
                time.sleep(0.2)
                hasty.close()
                begin = time.monotonic()
                try:
                    patient.connect((pair.LOST, 9))
                except TimeoutError:
                    pass
                waited = time.monotonic() - begin
                stranger = stack.enter_context(socket.socket())
                assert stranger.connect_ex(("10.77.0.77", 9)) != 0
                return waited

        def check(before, after, waited):
            expect(count(before, after, result="timeout"), 1, "timeout")
            expect(count(before, after, result="aborted"), 1, "aborted")
            expect(count(before, after, result="unreachable"), 1, "unreachable")
            seconds = after.delta(before, NAME + "_sum", result="timeout")
            assert waited - 0.5 * slack() < seconds <= waited, f"{seconds} s where the caller waited {waited} s"
            seconds = after.delta(before, NAME + "_sum", result="aborted")
            assert 0.2 <= seconds < 2 * slack(), f"{seconds} s until it was closed after 0.2 s"

        quietly(tool, stimulus, check)


main("tcpconnlat", established, refused, unanswered, only_net_namespace=own_net_namespace())
