#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# ctest: label=live
"""Packets to a tun device of the tool's own network namespace, through every stage."""
import fcntl
import os
import socket
import stat
import struct
import tempfile
import time

from common_net import inside_namespaces, ip, no_ipv6
from harness import Tool, at_least, expect, in_lab, main, run, skip

inside_namespaces()
NAME = "kernstat_net_packet_stage_duration_seconds"
COUNT = 40
BURST = 40
HELD = 0.02  # seconds that the driver keeps packets
STAGES = ("queue", "driver", "completion")


def device():
    """A tun device: what this process does not read from the descriptor stays with the driver."""
    run("ip", "link", "set", "lo", "up")
    try:
        # By a node of our own: opening it loads the driver where /dev/net/tun is not there yet.
        with tempfile.TemporaryDirectory() as directory:
            node = os.path.join(directory, "tun")
            os.mknod(node, stat.S_IFCHR | 0o600, os.makedev(10, 200))
            fd = os.open(node, os.O_RDWR)
        # TUNSETIFF with IFF_TUN | IFF_NO_PI
        fcntl.ioctl(fd, 0x400454CA, struct.pack("16sH22x", b"kst0", 0x1001))
    except OSError as error:
        skip(f"tun: {error}")
    no_ipv6(None, "kst0")
    ip(None, "addr add 10.79.0.1/24 dev kst0", "link set kst0 up")
    return fd


def send(count):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        for _ in range(count // BURST):
            # Together in flight, so that they are in as many buffers.
            for _ in range(BURST):
                sock.sendto(b"x" * 500, ("10.79.0.2", 9))
            time.sleep(HELD)
            for _ in range(BURST):
                os.read(TUN, 2048)


def every_stage(tool):
    before = tool.scrape()
    send(COUNT)
    time.sleep(0.1)
    after = tool.scrape()
    for stage in STAGES:
        expect(after.delta(before, NAME + "_count", device="kst0", direction="tx", stage=stage), COUNT, stage)
    for stage in STAGES:
        seconds = after.delta(before, NAME + "_sum", device="kst0", stage=stage)
        least = HELD * COUNT if stage == "completion" else 0
        assert least < seconds < least + COUNT, f"{stage}: {seconds} s"
    expect(after.lost(), 0, "lost")


def a_sample(tool):
    """One in eight, give or take what chance gives."""
    if in_lab():
        return
    with Tool("nettx", one_in=8) as sampler:
        before = sampler.scrape()
        for _ in range(10):
            send(800)
            time.sleep(1)
        after = sampler.scrape()
        counted = after.delta(before, NAME + "_count", device="kst0", stage="queue")
        assert 8000 / 8 / 3 < counted < 8000 / 8 * 3, f"{counted} of 8000 are not one in eight"
    at_least(tool.scrape().sum(NAME + "_count", device="kst0", stage="queue"), 8000, "all")


TUN = device()
main("nettx", every_stage, a_sample, one_in=1)
