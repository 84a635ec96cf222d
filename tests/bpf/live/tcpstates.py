#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# ctest: label=live
"""Connections through all their states."""
import time

from common_net import connected, inside_namespaces, listener, own_net_namespace, quietly
from harness import expect, main, slack

inside_namespaces()

COUNT = "kernstat_tcp_state_transitions_total"
TIME = "kernstat_tcp_state_duration_seconds"
CONNECTIONS = 4
PATHS = (
    ("close", "syn_sent", "established", "fin_wait1", "fin_wait2", "close"),
    ("listen", "syn_recv", "established", "close_wait", "last_ack", "close"),
)


def each_transition(tool):
    def stimulus():
        with listener() as server:
            for _ in range(CONNECTIONS):
                client, accepted = connected(server)
                time.sleep(0.1)
                client.close()
                assert accepted.recv(1) == b""
                time.sleep(0.05)
                accepted.close()

    def check(before, after):
        for path in PATHS:
            for old, new in zip(path, path[1:]):
                expect(after.delta(before, COUNT, **{"from": old, "to": new}), CONNECTIONS, f"{old} to {new}")
        expect(after.delta(before, COUNT, **{"from": "close", "to": "listen"}), 1, "listen")
        expect(after.delta(before, COUNT, **{"from": "listen", "to": "close"}), 1, "listen")
        expect(after.delta(before, TIME + "_count", state="established"), 2 * CONNECTIONS, "times")
        seconds = after.delta(before, TIME + "_sum", state="established")
        assert 0.2 * CONNECTIONS <= seconds < CONNECTIONS * slack(), f"{seconds} s established"
        seconds = after.delta(before, TIME + "_sum", state="close_wait")
        assert 0.05 * CONNECTIONS <= seconds < CONNECTIONS * slack(), f"{seconds} s in close_wait"
        expect(after.sum(TIME + "_count", state="close"), 0, "stays of closed sockets")
        expect(after.lost(), 0, "lost")

    quietly(tool, stimulus, check)


main("tcpstates", each_transition, only_net_namespace=own_net_namespace())
