#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# ctest: label=live timeout=300
"""Retransmissions on a veth that loses everything, against the namespace's own RetransSegs."""
import socket
import time

from common_net import Pair, command, connected, inside_namespaces, listener, own_net_namespace, quietly, snmp, within
from harness import at_least, expect, main

inside_namespaces()

NAME = "kernstat_tcp_retransmits_total"
FAILED = "kernstat_tcp_retransmit_failures_by_error_total"
SEGMENTS = "TcpRetransSegs"


def of_syn(tool):
    with Pair() as pair, within(pair.a):
        def stimulus():
            sent = snmp(pair.a, SEGMENTS)
            sock = socket.socket()
            sock.setblocking(False)
            sock.connect_ex((pair.LOST, 9))
            time.sleep(1.5)
            sock.close()
            return snmp(pair.a, SEGMENTS) - sent

        def check(before, after, sent):
            at_least(sent, 1, "retransmissions")
            expect(after.delta(before, NAME, family="inet", state="syn_sent", kind="segment"), sent, "syn_sent")
            expect(after.lost(), 0, "lost")

        quietly(tool, stimulus, check)


def of_data_and_failed(tool):
    """First the peer is deaf, then the own queueing discipline drops everything."""
    with Pair() as pair:
        with within(pair.b):
            server = listener("10.77.0.2")

        def stimulus():
            sent = snmp(pair.a, SEGMENTS)
            with within(pair.a):
                client, accepted = connected(server)
            pair.neighbour(pair.a, "v0", "10.77.0.2", "02:00:00:00:00:02")
            client.sendall(b"x")
            time.sleep(1.2)
            lost = snmp(pair.a, SEGMENTS) - sent
            command(pair.a, "tc", "qdisc", "replace", "dev", "v0", "root", "pfifo", "limit", "0")
            time.sleep(3)
            command(pair.a, "tc", "qdisc", "del", "dev", "v0", "root")
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            client.close()
            both = snmp(pair.a, SEGMENTS) - sent
            accepted.close()
            command(pair.a, "ip", "neigh", "del", "10.77.0.2", "dev", "v0")
            return lost, both

        def check(before, after, result):
            lost, sent = result
            at_least(lost, 2, "retransmissions")
            at_least(sent, lost + 1, "retransmissions and failures")
            counted = after.delta(before, NAME, family="inet", state="established", kind="segment")
            at_least(counted, lost, "established")
            if after.has(FAILED):
                failed = after.delta(before, FAILED, error="ENOBUFS")
                at_least(failed, 1, "failures")
                expect(counted + failed, sent, "established, and failures")
                at_least(after.delta(before, "kernstat_tcp_retransmit_failures_total"), failed, "failures")
            else:
                assert counted < sent, "failures are counted as if they had been sent"

        quietly(tool, stimulus, check)


def of_synack(tool):
    """The listener's answers go to a wrong address."""
    with Pair() as pair, listener("10.77.0.1") as server:
        def stimulus():
            pair.neighbour(pair.a, "v0", "10.77.0.2", "02:00:00:00:00:02")
            sent = snmp(pair.a, SEGMENTS)
            with within(pair.b):
                sock = socket.socket()
            sock.setblocking(False)
            sock.connect_ex(server.getsockname())
            time.sleep(1.5)
            sock.close()
            return snmp(pair.a, SEGMENTS) - sent

        def check(before, after, sent):
            at_least(sent, 1, "retransmissions")
            expect(after.delta(before, NAME, family="inet", state="syn_recv", kind="synack"), sent, "synack")

        quietly(tool, stimulus, check)


main("tcpretrans", of_syn, of_data_and_failed, of_synack, only_net_namespace=own_net_namespace())
