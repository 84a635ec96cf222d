#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# ctest: label=live timeout=300
"""Connections of known length and load, ended in every way."""
import socket
import time

from common_net import Pair, abort, command, connected, inside_namespaces, listener, own_net_namespace, quietly, within
from harness import at_least, expect, main, own_tool, slack

inside_namespaces()

CLOSED = "kernstat_tcp_connections_closed_total"
TIME = "kernstat_tcp_connection_duration_seconds"
BYTES = "kernstat_tcp_connection_bytes"
TCP_USER_TIMEOUT = 18


def receive(sock, size):
    while size:
        part = sock.recv(size)
        assert part, "the connection ended early"
        size -= len(part)


def time_and_bytes(tool):
    with listener() as server:
        def stimulus():
            client, accepted = connected(server)
            client.sendall(b"a" * 1000)
            receive(accepted, 1000)
            accepted.sendall(b"b" * 300000)
            receive(client, 300000)
            time.sleep(0.3)
            client.close()
            assert accepted.recv(1) == b""
            accepted.close()

        def check(before, after):
            for role in ("active", "passive"):
                expect(after.delta(before, CLOSED, role=role, reason="fin"), 1, role)
                expect(after.delta(before, TIME + "_count", role=role), 1, role)
                seconds = after.delta(before, TIME + "_sum", role=role)
                assert 0.29 < seconds < 3 * slack(), f"{role}: {seconds} s"
            for direction in ("sent", "received"):
                expect(after.delta(before, BYTES + "_count", direction=direction), 2, direction)
                expect(after.delta(before, BYTES + "_sum", direction=direction), 301000, direction)
            expect(after.lost(), 0, "lost")

        quietly(tool, stimulus, check)


def reset(tool):
    with listener() as server:
        def stimulus():
            client, accepted = connected(server)
            abort(client)
            time.sleep(0.1)
            accepted.close()

        def check(before, after):
            expect(after.delta(before, CLOSED, role="active", reason="abort"), 1, "abort")
            expect(after.delta(before, CLOSED, role="passive", reason="reset"), 1, "reset")

        quietly(tool, stimulus, check)


def timeout(tool):
    """The peer's address goes away while something is on its way."""
    with Pair() as pair:
        def stimulus():
            command(pair.b, "ip", "addr", "replace", "10.77.0.2/24", "dev", "v1")
            with within(pair.b):
                server = listener("10.77.0.2")
            with within(pair.a):
                client, accepted = connected(server)
            pair.neighbour(pair.a, "v0", "10.77.0.2", "02:00:00:00:00:02")
            client.setsockopt(socket.IPPROTO_TCP, TCP_USER_TIMEOUT, 500)
            client.sendall(b"x")
            time.sleep(2.5)
            command(pair.a, "ip", "neigh", "del", "10.77.0.2", "dev", "v0")
            for sock in (client, accepted, server):
                sock.close()

        quietly(tool, stimulus, lambda before, after: expect(
            after.delta(before, CLOSED, role="active", reason="timeout"), 1, "timeout"))


def older_than_the_tool(server, client, accepted):
    """Its role and its begin are unknown."""
    def test(tool):
        before = tool.scrape()
        client.close()
        accepted.close()
        server.close()
        after = tool.scrape()
        at_least(after.delta(before, CLOSED, role="unknown", reason="fin"), 2, "unknown")
        expect(after.sum(TIME + "_count", role="unknown"), 0, "times of unknown begin")
    test.__name__ = "older_than_the_tool"
    return own_tool(test)


SERVER = listener()
main("tcplife", time_and_bytes, reset, timeout, older_than_the_tool(SERVER, *connected(SERVER)),
     only_net_namespace=own_net_namespace())
