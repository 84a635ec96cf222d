#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# ctest: label=live
"""A listener that does not accept: its queue grows by one with each connection."""
import contextlib
import socket

from common_net import inside_namespaces, listener, own_net_namespace
from harness import expect, main

inside_namespaces()

NAME = "kernstat_tcp_accept_queue_length"


def queue_of_a_port(tool):
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(listener(backlog=7))
        port = str(server.getsockname()[1])
        for _ in range(5):
            stack.enter_context(socket.create_connection(server.getsockname()))
        scrape = tool.scrape()
        expect(scrape.sum(NAME + "_count", port=port), 5, "connections")
        expect(scrape.sum(NAME + "_sum", port=port), 0 + 1 + 2 + 3 + 4, "lengths")
        expect(scrape.histogram(NAME, port=port)[1.0], 2, "lengths of 0 and 1")
        expect(scrape.histogram(NAME, port=port)[2.0], 1, "length 2")
        expect(scrape.histogram(NAME, port=port)[4.0], 2, "lengths 3 and 4")
        expect(scrape.lost(), 0, "lost")
        if "iter" not in {kind for kind, _ in tool.hooks()}:
            print("tcpsynbl: listeners are not tried, this kernel lets us walk over no sockets")
            return
        expect(scrape.sum("kernstat_tcp_accept_queue_connections", port=port), 5, "waiting")
        expect(scrape.sum("kernstat_tcp_accept_queue_limit", port=port), 7, "limit")
        expect(scrape.sum("kernstat_tcp_listeners", port=port), 1, "listeners")
        for _ in range(5):
            server.accept()[0].close()
        expect(tool.scrape().sum("kernstat_tcp_accept_queue_connections", port=port), 0, "accepted")
    assert not tool.scrape().has("kernstat_tcp_listeners", port=port), "a closed port is still listed"


def shared_port(tool):
    if "iter" not in {kind for kind, _ in tool.hooks()}:
        return
    with contextlib.ExitStack() as stack:
        port = 0
        for _ in range(2):
            sock = stack.enter_context(socket.socket())
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            sock.bind(("127.0.0.1", port))
            sock.listen(3)
            port = sock.getsockname()[1]
        scrape = tool.scrape()
        expect(scrape.sum("kernstat_tcp_listeners", port=str(port)), 2, "listeners")
        expect(scrape.sum("kernstat_tcp_accept_queue_limit", port=str(port)), 6, "limit")


main("tcpsynbl", queue_of_a_port, shared_port, only_net_namespace=own_net_namespace())
