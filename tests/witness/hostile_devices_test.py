#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# ctest: label=witness timeout=180
"""Interfaces that are renamed and removed while they carry packets and are read; and maps that are too small."""
import os
import shutil
import socket
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "bpf", "live"))
from common_net import eventually, inside_namespaces, listener  # noqa: E402
from harness import Tool, at_least, build_dir, expect, run  # noqa: E402

inside_namespaces()
NAME = "kernstat_net_packet_stage_duration_seconds_count"
SECONDS = 8


class Chaos:
    """A veth with packets on it, under a new name or anew every few moments."""

    def __init__(self):
        self.names = {"other", "lo", "none"}
        self.sent = 0
        self.ending = False
        self.thread = threading.Thread(target=self.run)

    def packets(self, sock, count):
        for _ in range(count):
            try:
                sock.sendto(b"x" * 200, ("10.80.0.2", 9))
                self.sent += 1
            except OSError:
                return

    def run(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            for round_number in range(10000):
                if self.ending:
                    return
                names = [f"ks{round_number}_{part}" for part in range(3)]
                self.names.update(names, [f"ksp{round_number}"])
                run("ip", "link", "add", names[0], "type", "veth", "peer", "name", f"ksp{round_number}")
                run("ip", "addr", "add", "10.80.0.1/24", "dev", names[0])
                for old, new in zip(names, names[1:] + [None]):
                    run("ip", "link", "set", old, "up")
                    run("ip", "link", "set", f"ksp{round_number}", "up")
                    run("ip", "neigh", "replace", "10.80.0.2", "lladdr", "02:00:00:00:00:02", "dev", old, "nud",
                        "permanent")
                    self.packets(sock, 50)
                    if new is not None:
                        run("ip", "link", "set", old, "down")
                        run("ip", "link", "set", old, "name", new)
                run("ip", "link", "del", names[-1])


def devices_come_and_go():
    with Tool("nettx", one_in=1) as tool:
        chaos = Chaos()
        chaos.thread.start()
        try:
            end, most, reads = time.monotonic() + SECONDS, 0, 0
            while time.monotonic() < end:
                scrape = tool.scrape()
                for labels, _ in scrape.select(NAME):
                    assert labels["device"] in chaos.names, f"no device was ever called {labels['device']!r}"
                total = scrape.sum(NAME, stage="queue")
                at_least(total, most, "a counter went back: packets")
                most, reads = total, reads + 1
        finally:
            chaos.ending = True
            chaos.thread.join()

        def settled(scrape):
            # All devices are gone: nothing is left under their names, and nothing is lost.
            left = {labels["device"] for labels, _ in scrape.select(NAME)} - {"other", "lo", "none"}
            expect(left, set(), "removed devices")
            at_least(scrape.sum(NAME, stage="queue"), chaos.sent, "packets")
            expect(scrape.lost(), 0, "lost")

        eventually(tool, settled)
        at_least(chaos.sent, 100, "packets sent")
        print(f"{chaos.sent} packets over {len(chaos.names)} names, {reads} reads")


def with_small_map(tool, old, new):
    """A directory with the tool, its YAML changed."""
    directory = tempfile.mkdtemp(prefix="kernstat-test-")
    source = os.path.join(build_dir(), "bpf")
    shutil.copy(os.path.join(source, tool + ".bpf.o"), directory)
    with open(os.path.join(source, tool + ".yaml"), encoding="utf-8") as file:
        text = file.read()
    assert old in text, old
    with open(os.path.join(directory, tool + ".yaml"), "w", encoding="utf-8") as file:
        file.write(text.replace(old, new))
    return directory


def more_ports_than_fit():
    directory = with_small_map("tcpsynbl", "accept_queues: {max_series: 64", "accept_queues: {max_series: 3")
    family = "kernstat_tcp_accept_queue_length_count"
    with Tool("tcpsynbl", directory=directory) as tool:
        servers = [listener() for _ in range(8)]
        clients = [socket.create_connection(server.getsockname()) for server in servers for _ in range(2)]
        scrape = tool.scrape()
        ports = [str(server.getsockname()[1]) for server in servers]
        own = sum(scrape.sum(family, port=port) for port in ports)
        other = scrape.sum(family, port="other")
        at_least(other, 2 * (len(ports) - 3), "other")
        at_least(own + other, len(clients), "all connections")
        # Once for each connection that had no entry of its own.
        expect(scrape.sum("kernstat_bpf_map_full_total", map="accept_queues"), other, "full map")
        for sock in servers + clients:
            sock.close()
    shutil.rmtree(directory)


for test in (devices_come_and_go, more_ports_than_fit):
    test()
    print(f"ok {test.__name__}")
