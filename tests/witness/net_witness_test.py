#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# ctest: label=witness timeout=300
"""What the network tools count, against what the kernel itself counts (/proc/net/snmp, tc) in the same run."""
import contextlib
import os
import socket
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "bpf", "live"))
from common_net import (Pair, abort, closed_port, command, connected, inside_namespaces, listener,  # noqa: E402
                        own_net_namespace, refuse, snmp, tc_drops, within)
from harness import Tool, at_least, expect  # noqa: E402

inside_namespaces()
COUNTERS = ("TcpActiveOpens", "TcpPassiveOpens", "TcpAttemptFails", "TcpEstabResets", "TcpOutRsts")
CONNECTIONS, REFUSED, ABORTED = 400, 60, 40


def kernel_counts():
    return {name: snmp(None, name) for name in COUNTERS}


def many_connections():
    port = closed_port()
    with listener(backlog=128) as server:
        for i in range(CONNECTIONS):
            client, accepted = connected(server)
            if i < ABORTED:
                abort(client)
            else:
                client.close()
            accepted.close()
    refuse(port, REFUSED)


def connections():
    """Opens, ends, transitions and resets against nstat's counters."""
    with contextlib.ExitStack() as stack:
        tools = {name: stack.enter_context(Tool(name, only_net_namespace=own_net_namespace()))
                 for name in ("tcpconnlat", "tcplife", "tcpstates", "tcpresets")}
        before = {name: tool.scrape() for name, tool in tools.items()}
        then = kernel_counts()
        many_connections()
        time.sleep(0.2)
        now = kernel_counts()
        after = {name: tool.scrape() for name, tool in tools.items()}
    kernel = {name: now[name] - then[name] for name in COUNTERS}

    def counted(tool, family, **labels):
        return after[tool].delta(before[tool], family, **labels)

    transitions = "kernstat_tcp_state_transitions_total"
    expect(kernel["TcpActiveOpens"], CONNECTIONS + REFUSED, "ActiveOpens")
    opened = "kernstat_tcp_connect_duration_seconds_count"
    expect(counted("tcpconnlat", opened), kernel["TcpActiveOpens"], "connects")
    expect(counted("tcpconnlat", opened, result="refused"), kernel["TcpAttemptFails"], "failed connects")
    closed = "kernstat_tcp_connections_closed_total"
    expect(counted("tcplife", closed, role="passive"), kernel["TcpPassiveOpens"], "passive connections")
    expect(counted("tcplife", closed, role="active"), kernel["TcpActiveOpens"] - REFUSED, "active connections")
    expect(counted("tcpstates", transitions, **{"from": "close", "to": "syn_sent"}), kernel["TcpActiveOpens"], "states")
    expect(counted("tcpstates", transitions, **{"from": "listen", "to": "syn_recv"}), kernel["TcpPassiveOpens"],
           "states")
    resets = counted("tcpstates", transitions, **{"from": "established", "to": "close"}) + counted(
        "tcpstates", transitions, **{"from": "close_wait", "to": "close"})
    expect(resets, kernel["TcpEstabResets"], "EstabResets")
    expect(counted("tcpresets", "kernstat_tcp_resets_total", direction="sent"), kernel["TcpOutRsts"], "OutRsts")
    print(f"connections: {kernel}")


def drain(server):
    with server.accept()[0] as accepted:
        while accepted.recv(65536):
            pass


def retransmissions_and_drops():
    """A transfer over a veth that loses one packet in sixteen."""
    with Pair() as pair, contextlib.ExitStack() as stack:
        # One segment a packet, as one is retransmitted.
        command(None, "ip", "link", "set", "v0", "gso_max_segs", "1")
        with within(pair.b):
            server = stack.enter_context(listener("10.77.0.2"))
        retransmits = stack.enter_context(Tool("tcpretrans", only_net_namespace=own_net_namespace()))
        drops = stack.enter_context(Tool("skbdrop"))
        client = stack.enter_context(socket.create_connection(server.getsockname()))
        reader = threading.Thread(target=drain, args=(server,))
        reader.start()
        with tc_drops(pair.b, "v1", "ingress", one_in=16) as dropped:
            before = retransmits.scrape(), drops.scrape(), snmp(None, "TcpRetransSegs"), dropped()
            for _ in range(40):
                client.sendall(b"x" * 50000)
            client.shutdown(socket.SHUT_WR)
            reader.join(60)
            assert not reader.is_alive(), "the transfer hangs"
            time.sleep(0.5)
            after = retransmits.scrape(), drops.scrape(), snmp(None, "TcpRetransSegs"), dropped()
        counted = after[0].delta(before[0], "kernstat_tcp_retransmits_total", kind="segment")
        # The kernel counts what it tried to send; EBUSY and EAGAIN are given up before that.
        failures = "kernstat_tcp_retransmit_failures_by_error_total"
        failed = after[0].delta(before[0], failures, error="ENOBUFS")
        unready = after[0].delta(before[0], failures) - failed
        segments, lost = after[2] - before[2], after[3] - before[3]
        print(f"{segments} segments retransmitted, {counted} counted, {failed} failed, {unready} unready; {lost} packets dropped")
        at_least(lost, 50, "drops")
        at_least(segments, 50, "retransmissions")
        expect(counted + failed, segments, "retransmissions")
        reasons = "kernstat_net_packet_drops_by_reason_total"
        expect(after[1].delta(before[1], reasons, reason="tc_ingress"), lost, "drops")
        expect(after[1].delta(before[1], reasons, reason="tc_ingress", protocol="tcp"), lost, "drops of TCP")


for test in (connections, retransmissions_and_drops):
    test()
    print(f"ok {test.__name__}")
