#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# ctest: timeout=120
# ctest: parallel
"""Slow and idle clients do not keep a scrape waiting, and cost no memory.

200 connections that say nothing and 50 that send a byte a second are held open for as long as the daemon lets them. All
the while a scrape is answered within 2 s, whether it comes from their address or from another one; once the daemon has
cut them, within 50 ms (the median of many, since other tests may use the CPUs)."""

import contextlib
import os
import select
import socket
import statistics
import sys
import threading
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from harness import BINARY, BUILD, Daemon  # noqa: E402

IDLE = 200
SLOW = 50
MIB = 1 << 20
BUDGET = 16 * MIB
# A build without optimisation and link-time optimisation has more code in memory; a sanitizer's shadow says nothing.
DEBUG_FACTOR = 1.5


def cached(variable):
    with contextlib.suppress(OSError), open(os.path.join(BUILD, "CMakeCache.txt"), encoding="utf-8") as cache:
        for line in cache:
            if line.startswith(variable + ":"):
                return line.rstrip("\n").split("=", 1)[1]
    return ""


# Ten times slower: what happens is still right, but not when.
UNDER_TSAN = "-fsanitize=thread" in cached("CMAKE_CXX_FLAGS_DEBUG")
SLOWNESS = 10 if UNDER_TSAN else 1


def resident(pid):
    with open(f"/proc/{pid}/statm", encoding="utf-8") as statm:
        return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def scrape(port, source, timeout=30):
    """Seconds until the whole answer is there."""
    begin = time.monotonic()
    with socket.create_connection(("127.0.0.1", port), timeout, (source, 0)) as connection:
        connection.sendall(b"GET /metrics HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n")
        answer = b""
        while chunk := connection.recv(1 << 16):
            answer += chunk
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n"), answer[:200]
    head, body = answer.split(b"\r\n\r\n", 1)
    length = int(head.split(b"Content-Length: ")[1].split(b"\r\n")[0])
    assert len(body) == length, (len(body), length)
    return time.monotonic() - begin


class Crowd:
    """Connections of 127.0.0.1 that hold on."""

    def __init__(self, port):
        self.port = port
        self.idle = [self.connect() for _ in range(IDLE)]
        self.slow = [self.connect() for _ in range(SLOW)]
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self.drip)
        self.thread.start()

    def connect(self):
        return socket.create_connection(("127.0.0.1", self.port), 10)

    def drip(self):
        request = b"GET /metrics HTTP/1.1\r\nHost: test\r\nX-Slow: " + b"a" * 10_000
        for byte in request:
            for connection in self.slow:
                with contextlib.suppress(OSError):
                    connection.send(bytes([byte]))
            if self.stop.wait(1):
                return

    def cut(self):
        """How many of the slow ones the daemon has ended."""
        count = 0
        for connection in self.slow:
            readable, _, _ = select.select([connection], [], [], 0)
            if readable:
                with contextlib.suppress(BlockingIOError):
                    try:
                        # An answer (408, 400) may come before the end.
                        count += 1 if connection.recv(1 << 16) is not None else 0
                    except OSError:
                        count += 1
        return count

    def close(self):
        self.stop.set()
        self.thread.join()
        for connection in self.idle + self.slow:
            connection.close()


class SlowClients(unittest.TestCase):
    def hold(self, seconds, daemon):
        """Scrapes while the crowd holds on; the slowest of them."""
        slowest = 0
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            # Who shares the crowd's address may be taken for one of them when a CPU comes too late.
            for source in ("127.0.0.2",) if UNDER_TSAN else ("127.0.0.1", "127.0.0.2"):
                slowest = max(slowest, scrape(daemon.port, source))
            time.sleep(0.05)
        return slowest

    def test_a_scrape_is_answered_all_the_while(self):
        with Daemon() as daemon, contextlib.ExitStack() as stack:
            before = resident(daemon.process.pid)
            crowd = Crowd(daemon.port)
            stack.callback(crowd.close)
            slowest = self.hold(4, daemon)
            peak = resident(daemon.process.pid)
            daemon.wait(lambda: crowd.cut() == SLOW, "the slow clients to be cut")
            after = [scrape(daemon.port, "127.0.0.2") for _ in range(41)]
            print(f"slowest while they held on {slowest * 1e3:.1f} ms, median afterwards "
                  f"{statistics.median(after) * 1e3:.1f} ms; resident {before / MIB:.1f} MiB, then {peak / MIB:.1f} MiB")
            self.assertLess(slowest, 2 * SLOWNESS)
            self.assertLess(statistics.median(after), 0.05 * SLOWNESS)
            if "-fsanitize" not in cached("CMAKE_CXX_FLAGS_DEBUG"):
                release = cached("CMAKE_BUILD_TYPE") == "Release"
                self.assertLess(peak, BUDGET * (1 if release else DEBUG_FACTOR))

    def test_who_comes_again_and_again_does_not_help_himself(self):
        with Daemon() as daemon, contextlib.ExitStack() as stack:
            stop = threading.Event()

            def again():
                while not stop.is_set():
                    with contextlib.suppress(OSError):
                        with socket.create_connection(("127.0.0.1", daemon.port), 10) as connection:
                            connection.send(b"GET /m")
                            connection.settimeout(0.5)
                            connection.recv(100)

            threads = [threading.Thread(target=again) for _ in range(100)]
            for thread in threads:
                thread.start()
            stack.callback(lambda: [thread.join() for thread in threads])
            stack.callback(stop.set)
            self.assertLess(self.hold(3, daemon), 2 * SLOWNESS)

    def test_who_does_not_read_his_answer_holds_nobody_up(self):
        with Daemon() as daemon, contextlib.ExitStack() as stack:
            for _ in range(60):
                connection = socket.socket()
                stack.callback(connection.close)
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
                connection.connect(("127.0.0.1", daemon.port))
                connection.sendall(b"GET /metrics HTTP/1.1\r\nHost: test\r\n\r\n" * 20)
            self.assertLess(self.hold(3, daemon), 2 * SLOWNESS)


if __name__ == "__main__":
    if not os.access(BINARY, os.X_OK):
        print(f"{BINARY} is not built")
        sys.exit(77)
    unittest.main()
