#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# ctest: label=live
# lab: as root too
"""Names asked of a name server of our own, which takes a known time; against the caller's clock."""
import ctypes
import os
import socket
import struct
import tempfile
import threading
import time

from common_net import inside_namespaces
from harness import Count, expect, main, run, slack

inside_namespaces("--mount")
NAME = "kernstat_dns_lookup_duration_seconds"
DELAY = 0.05
LIBC = ctypes.CDLL("libc.so.6")


def answer(query):
    """An address for names that begin with "a", no such name otherwise; silence for "silent"."""
    end = query.index(b"\0", 12) + 5
    name, kind = query[13:end - 5], query[end - 4:end - 2]
    if name.startswith(b"silent"):
        return None
    head = query[:2]
    if not name.startswith(b"a"):
        return head + struct.pack("!5H", 0x8583, 1, 0, 0, 0) + query[12:end]
    if kind != b"\0\1":
        return head + struct.pack("!5H", 0x8580, 1, 0, 0, 0) + query[12:end]
    record = b"\xc0\x0c" + struct.pack("!2HIH", 1, 1, 60, 4) + socket.inet_aton("192.0.2.7")
    return head + struct.pack("!5H", 0x8580, 1, 1, 0, 0) + query[12:end] + record


def serve(sock):
    while True:
        query, client = sock.recvfrom(512)
        time.sleep(DELAY)
        reply = answer(query)
        if reply is not None:
            sock.sendto(reply, client)


def name_server():
    run("ip", "link", "set", "lo", "up")
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind(("127.0.0.1", 53))
    threading.Thread(target=serve, args=(sock,), daemon=True).start()
    for path, text in (("/etc/resolv.conf", "nameserver 127.0.0.1\noptions timeout:1 attempts:1\n"),
                       ("/etc/nsswitch.conf", "hosts: dns\n")):
        with tempfile.NamedTemporaryFile("w", delete=False) as file:
            file.write(text)
        # Of an earlier try in the same machine.
        run("umount", os.path.realpath(path), check=False)
        run("mount", "--bind", file.name, os.path.realpath(path))
        os.unlink(file.name)


def timed(call, *arguments):
    begin = time.monotonic()
    result = call(*arguments)
    return result, time.monotonic() - begin


class AddressHints(ctypes.Structure):
    _fields_ = [("flags", ctypes.c_int), ("family", ctypes.c_int), ("type", ctypes.c_int),
                ("protocol", ctypes.c_int), ("rest", ctypes.c_void_p * 4)]


def getaddrinfo(name):
    result = ctypes.c_void_p()
    hints = AddressHints(family=socket.AF_INET, type=socket.SOCK_STREAM)
    code = LIBC.getaddrinfo(name, None, ctypes.byref(hints), ctypes.byref(result))
    if code == 0:
        LIBC.freeaddrinfo(result)
    return code


def close_to(measured, seconds, what):
    assert abs(measured - seconds) < 0.03 * slack(), f"{what}: {measured} s, and {seconds} s by the caller's clock"


def slow(scrape, before, **where):
    """Calls that asked the name server: those of others on this host take microseconds, and few bytes of the sum."""
    return Count(sum(sum(value for bound, value in each.histogram(NAME, **where).items() if bound > 1 / 32) * sign
                     for each, sign in ((scrape, 1), (before, -1))))


def by_result(tool):
    for name, result, code in ((b"a.test.", "ok", 0), (b"no.test.", "not_found", -2), (b"silent.test.", "again", -3)):
        before = tool.scrape()
        got, seconds = timed(getaddrinfo, name)
        expect(got, code, name.decode())
        after = tool.scrape()
        where = {"call": "getaddrinfo", "result": result}
        expect(slow(after, before, **where), 1, result)
        close_to(after.delta(before, NAME + "_sum", **where), seconds, result)
        assert seconds >= DELAY, "the name server took its time"


def old_calls(tool):
    LIBC.gethostbyname.restype = LIBC.gethostbyname2.restype = ctypes.c_void_p
    for call, arguments in (("gethostbyname", ()), ("gethostbyname2", (socket.AF_INET,))):
        for name, result in ((b"a.test.", "ok"), (b"no.test.", "error")):
            before = tool.scrape()
            host, seconds = timed(getattr(LIBC, call), name, *arguments)
            expect(bool(host), result == "ok", call)
            after = tool.scrape()
            expect(slow(after, before, call=call, result=result), 1, call)
            close_to(after.delta(before, NAME + "_sum", call=call, result=result), seconds, call)
            expect(after.lost(), 0, "lost")


name_server()
main("gethostlatency", by_result, old_calls)
