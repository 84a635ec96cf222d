#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# ctest: label=live
"""Resets of refused and of aborted connections."""
import time

from common_net import abort, closed_port, connected, inside_namespaces, listener, own_net_namespace, quietly, refuse
from harness import expect, main

inside_namespaces()

NAME = "kernstat_tcp_resets_total"


def has_reasons():
    with open("/sys/kernel/btf/vmlinux", "rb") as file:
        return b"SK_RST_REASON_NO_SOCKET" in file.read()


def of_refused(tool):
    port = closed_port()

    def check(before, after):
        expect(after.delta(before, NAME, direction="received", state="syn_sent"), 3, "received")
        if has_reasons():
            expect(after.delta(before, NAME, direction="sent", state="close", reason="no_socket"), 3, "sent")
        expect(after.lost(), 0, "lost")

    quietly(tool, lambda: refuse(port, 3), check)


def of_aborted(tool):
    with listener() as server:
        def stimulus():
            for _ in range(2):
                client, accepted = connected(server)
                abort(client)
                time.sleep(0.05)
                accepted.close()

        def check(before, after):
            expect(after.delta(before, NAME, direction="received", state="established"), 2, "received")
            expect(after.delta(before, NAME, direction="sent", state="close"), 2, "sent")

        quietly(tool, stimulus, check)


main("tcpresets", of_refused, of_aborted, only_net_namespace=own_net_namespace())
