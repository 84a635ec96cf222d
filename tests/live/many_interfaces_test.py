#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# ctest: label=live
# ctest: timeout=120
"""Two hundred veth interfaces in a network namespace of the test's own: all are served, what they carried is
right, they vanish, they are not folded, and a second of them costs little."""

import os
import socket
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "daemon"))

PAIRS = 100


def skip(reason):
    print(f"SKIP: {reason}")
    sys.exit(77)


def ip(*lines):
    subprocess.run(["ip", "-batch", "-"], input="\n".join(lines) + "\n", text=True, check=True)


def devices(metrics, name):
    prefix = f'{name}{{device="'
    return {text[len(prefix):-2]: value for text, value in metrics.items() if text.startswith(prefix)}


def send(packets, size):
    """From a0 to b0: a broadcast, which needs no neighbour."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        sender.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"a0")
        for _ in range(packets):
            sender.sendto(b"x" * size, ("10.9.0.255", 9))


def check_traffic(daemon):
    def sent():
        metrics = daemon.metrics()
        return (devices(metrics, "node_network_transmit_packets_total")["a0"],
                devices(metrics, "node_network_transmit_bytes_total")["a0"],
                devices(metrics, "node_network_receive_bytes_total")["b0"])

    time.sleep(1.5)
    before = sent()
    send(100, 1000)
    daemon.wait(lambda: sent()[0] >= before[0] + 100, "100 packets")
    after = sent()
    bytes_sent = after[1] - before[1]
    # Payload and 42 bytes of headers each; a little more may pass (neighbour discovery).
    assert 104200 <= bytes_sent < 104200 + 5000, (before, after)
    assert 104200 <= after[2] - before[2] < 104200 + 5000, (before, after)


def check_cost(daemon):
    def cost():
        metrics = daemon.metrics()
        names = [text for text in metrics if text.startswith("kernstat_collector_cpu_seconds_total")
                 and 'collector="netdev"' in text]
        assert names, "no CPU time of the collector"
        return metrics[names[0]]

    begin, before = time.monotonic(), cost()
    time.sleep(5)
    seconds = (cost() - before) / (time.monotonic() - begin)
    print(f"netdev with {2 * PAIRS + 1} interfaces: {seconds * 1e3:.2f} ms of CPU a second")
    assert seconds < 0.020, seconds


def check_folds(daemon):
    """Of the kinds that containers get there may be hundreds: they have counters, but no histograms, except the one by
    which everything leaves."""
    name = "kernstat_network_receive_bytes_per_second_count"
    daemon.wait(lambda: devices(daemon.metrics(), name), "a folded interface")
    metrics, later = daemon.metrics(), daemon.metrics()
    assert set(devices(metrics, name)) == {"uplink", "a0"}, devices(metrics, name)
    series = later["kernstat_scrape_series"]  # of the scrape before
    print(f"{series:.0f} series with {2 * PAIRS + 2} interfaces")
    assert series == len(metrics), (series, len(metrics))
    assert series < 34 * 2 * PAIRS + 2000, series  # as many as node_exporter has for an interface


def inside():
    import harness
    ip("link set lo up", *[f"link add a{i} type veth peer name b{i}" for i in range(PAIRS)],
       *[f"link set {side}{i} up" for i in range(PAIRS) for side in "ab"], "addr add 10.9.0.1/24 dev a0",
       "route add default via 10.9.0.2",
       "link add uplink type bridge", "link set uplink up")
    subprocess.run(["mount", "-t", "sysfs", "sysfs", "/sys"], check=True)
    everything = {f"{side}{i}" for i in range(PAIRS) for side in "ab"} | {"lo"}
    with harness.Daemon() as daemon:
        metrics = daemon.metrics()
        for name in ("node_network_receive_bytes_total", "node_network_transmit_drop_total", "node_network_mtu_bytes",
                     "node_network_up", "node_network_iface_id"):
            got = set(devices(metrics, name))
            assert everything <= got, (name, everything - got)
        assert devices(metrics, "node_network_speed_bytes")["a0"] == 10000 * 125000
        assert devices(metrics, "node_network_carrier")["a0"] == 1
        check_traffic(daemon)
        check_folds(daemon)
        check_cost(daemon)
        ip("link del a1")
        daemon.wait(lambda: not {"a1", "b1"} & set(devices(daemon.metrics(), "node_network_receive_bytes_total")),
                    "a1 and b1 to vanish")
        # The same name again: another interface, whose counts begin at 0.
        ip("link del a0", "link add a0 type veth peer name b0")
        daemon.wait(lambda: devices(daemon.metrics(), "node_network_transmit_bytes_total").get("a0") == 0,
                    "the new a0")
        code, seconds = daemon.end()
        assert code == 0 and seconds < 1, (code, seconds)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        inside()
        sys.exit(0)
    if os.geteuid() != 0:
        skip("needs root to make interfaces")
    if subprocess.run(["unshare", "--net", "ip", "link", "add", "a0", "type", "veth", "peer", "name", "b0"],
                      capture_output=True, check=False).returncode != 0:
        skip("no veth interfaces in this kernel, or no network namespaces")
    # Its own /sys, which shows the interfaces of its own namespace.
    os.execvp("unshare", ["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc",
                          "--propagation", "private", sys.executable, os.path.abspath(__file__), "inside"])
