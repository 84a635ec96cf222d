#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What sampling and scraping cost, against Debian's prometheus-node-exporter in the same run on the same host.

    tests/bench/scrape.py [--build build/release] [--scrapes 300] [--no-budget]

Both run with their defaults (kernstatd without BPF: its programs have a bench of their own), first as they are, then with
a text file that brings them to about 10,000 series, then in a network namespace with 20 and with 200 veth interfaces. CPU
time is the kernel's clock of each process, less what it uses without scrapes; latency is seen by a client that keeps its
connection; system calls are strace's count. The table gives both and their ratio; exit code 1: a budget is exceeded."""

import argparse
import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

MANY = 10_000
IDLE_SECONDS = 10
TRACE_SECONDS = 5
TRACED_SCRAPES = 50
MIB = 1 << 20


def cpu_seconds(pid):
    """CPU time of a process, by its clock (clock_getcpuclockid(3))."""
    return time.clock_gettime((~pid << 3) | 2)


def resident_bytes(pid):
    with open(f"/proc/{pid}/statm", encoding="utf-8") as statm:
        return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Connection:
    """One kept connection, asking as Prometheus does."""

    def __init__(self, port, encoding):
        self.request = (f"GET /metrics HTTP/1.1\r\nHost: bench\r\nAccept: text/plain;version=0.0.4\r\n"
                        f"Accept-Encoding: {encoding}\r\n\r\n").encode()
        self.port = port
        self.socket = None

    def scrape(self):
        """The body."""
        if self.socket is None:
            self.socket = socket.create_connection(("127.0.0.1", self.port), 30)
        self.socket.sendall(self.request)
        data = b""
        while b"\r\n\r\n" not in data:
            data += self.more()
        head, body = data.split(b"\r\n\r\n", 1)
        assert head.startswith(b"HTTP/1.1 200"), head
        length = re.search(rb"(?i)content-length: (\d+)", head)
        chunks = [body]
        size = len(body)
        if length:
            while size < int(length.group(1)):
                chunks.append(self.more())
                size += len(chunks[-1])
        else:  # chunked
            while not chunks[-1].endswith(b"0\r\n\r\n"):
                chunks.append(self.more())
        if b"close" in head.lower().split(b"connection:")[-1].split(b"\r\n")[0]:
            self.close()
        return b"".join(chunks)

    def more(self):
        data = self.socket.recv(1 << 18)
        assert data, "the connection ended"
        return data

    def close(self):
        if self.socket is not None:
            self.socket.close()
        self.socket = None


class Exporter:
    def __init__(self, name, command, port):
        self.name = name
        self.port = port
        begin = time.monotonic()
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                        stdin=subprocess.DEVNULL)
        while True:
            with contextlib.suppress(OSError, AssertionError):
                Connection(port, "identity").scrape()
                break
            assert time.monotonic() - begin < 20 and self.process.poll() is None, f"{name} does not answer"
            time.sleep(0.005)
        self.start_seconds = time.monotonic() - begin
        time.sleep(3)
        self.series = series_of(Connection(port, "identity").scrape())

    def idle_cpu(self, seconds=IDLE_SECONDS):
        """CPU seconds a second without scrapes."""
        before = cpu_seconds(self.process.pid)
        time.sleep(seconds)
        return (cpu_seconds(self.process.pid) - before) / seconds

    def scrapes(self, count, encoding, idle):
        """CPU seconds a scrape, p50 and p99 of the latency, bytes and series."""
        connection = Connection(self.port, encoding)
        body = connection.scrape()
        latencies = []
        cpu_before, begin = cpu_seconds(self.process.pid), time.monotonic()
        for _ in range(count):
            start = time.perf_counter()
            body = connection.scrape()
            latencies.append(time.perf_counter() - start)
        elapsed = time.monotonic() - begin
        cpu = cpu_seconds(self.process.pid) - cpu_before - idle * elapsed
        connection.close()
        latencies.sort()
        return {"cpu": cpu / count, "p50": latencies[count // 2], "p99": latencies[count * 99 // 100],
                "bytes": len(body)}

    def system_calls(self, scrapes):
        """System calls, with so many scrapes among them, and the seconds in which they were made."""
        traced = time.monotonic()
        trace = subprocess.Popen(["strace", "-f", "-c", "-q", "-p", str(self.process.pid)], stderr=subprocess.PIPE,
                                 stdout=subprocess.DEVNULL, text=True)
        time.sleep(1)
        begin = time.monotonic()
        for i in range(scrapes):
            connection = Connection(self.port, "gzip")
            connection.scrape()
            connection.close()
            time.sleep(max(0, begin + (i + 1) * TRACE_SECONDS / scrapes - time.monotonic()))
        time.sleep(max(0, begin + TRACE_SECONDS - time.monotonic()))
        traced = time.monotonic() - traced
        trace.send_signal(signal.SIGINT)
        table = trace.communicate(timeout=60)[1]
        # "100.00  seconds  usecs/call  calls  errors  total"; errors may be absent.
        total = re.search(r"^\s*100\.00\s+\S+\s+(?:\d+\s+)?(\d+)\s+(?:\d+\s+)?total", table, re.MULTILINE)
        return (int(total.group(1)) if total else 0), traced

    def end(self):
        self.process.terminate()
        self.process.wait(timeout=10)


def series_of(body):
    return sum(1 for line in body.split(b"\n") if line and not line.startswith(b"#"))


def start_both(build, text_directory):
    config = os.path.join(text_directory, "kernstatd.yaml")
    with open(config, "w", encoding="utf-8") as file:
        file.write(f"collectors: {{textfile: {{directories: ['{text_directory}']}}}}\n")
    ours, theirs = free_port(), free_port()
    kernstatd = Exporter("kernstatd", [f"{build}/kernstatd", f"--config.file={config}", "--bpf=off",
                                       f"--web.listen-address=127.0.0.1:{ours}"], ours)
    node_exporter = Exporter("node_exporter", ["prometheus-node-exporter", f"--web.listen-address=127.0.0.1:{theirs}",
                                               f"--collector.textfile.directory={text_directory}"], theirs)
    return kernstatd, node_exporter


class Table:
    def __init__(self):
        self.failed = []
        print(f"{'':46}{'kernstatd':>12}{'node_exporter':>15}{'ratio':>8}  budget")

    def row(self, what, values, form, budget=None):
        ours, theirs = values
        ratio = f"{ours / theirs:8.3f}" if theirs else f"{'-':>8}"
        verdict = ""
        if budget is not None:
            verdict = f"  {'within' if ours <= budget else 'OVER'} {form(budget)}"
            if ours > budget:
                self.failed.append(what)
        print(f"{what:46}{form(ours):>12}{form(theirs):>15}{ratio}{verdict}", flush=True)


def milliseconds(value):
    return f"{value * 1e3:.3f} ms"


def mebibytes(value):
    return f"{value / MIB:.1f} MiB"


def percent(value):
    return f"{value * 100:.3f} %"


def count(value):
    return f"{value:.0f}"


def write_many(directory):
    with open(os.path.join(directory, "many.prom"), "w", encoding="utf-8") as file:
        file.write("# HELP bench_many Many.\n# TYPE bench_many gauge\n")
        for i in range(MANY):
            file.write(f'bench_many{{device="device{i}",mode="one of a few"}} {i}.25\n')


def measure(table, build, scrapes, many):
    with tempfile.TemporaryDirectory() as directory:
        if many:
            write_many(directory)
        both = start_both(build, directory)
        try:
            label = "10,000 series" if many else "default set"
            table.row(f"{label}: series", [one.series for one in both], count)
            idle = [one.idle_cpu() for one in both]
            if not many:
                table.row("start to first answer", [one.start_seconds for one in both], milliseconds, 1)
                table.row("sampling, of one CPU", idle, percent, 0.001)
            for encoding in ("identity", "gzip"):
                results = [one.scrapes(scrapes, encoding, spent) for one, spent in zip(both, idle)]
                budget = (5e-3 if many else 0.5e-3) if encoding == "identity" else None
                name = f"{label}, {encoding}: "
                table.row(name + "CPU a scrape", [one["cpu"] for one in results], milliseconds, budget)
                table.row(name + "latency p50", [one["p50"] for one in results], milliseconds)
                late = 1e-3 if encoding == "identity" and not many else None
                table.row(name + "latency p99", [one["p99"] for one in results], milliseconds, late)
                table.row(name + "bytes", [one["bytes"] for one in results], count)
            table.row(f"{label}: resident", [resident_bytes(one.process.pid) for one in both], mebibytes,
                      None if many else 16 * MIB)
            if not many and shutil.which("strace"):
                rates = [calls / seconds for calls, seconds in (one.system_calls(0) for one in both)]
                busy = [one.system_calls(TRACED_SCRAPES) for one in both]
                table.row("system calls a second without scrapes", rates, count)
                table.row("system calls a scrape, new connection",
                          [max(0, calls - rate * seconds) / TRACED_SCRAPES
                           for rate, (calls, seconds) in zip(rates, busy)], count)
        finally:
            for one in both:
                one.end()


def measure_interfaces(table, build, scrapes, interfaces):
    """Runs inside a network namespace of its own."""
    batch = "".join(f"link add v{i} type veth peer name w{i}\n" for i in range(interfaces // 2))
    subprocess.run(["ip", "-batch", "-"], input=batch, text=True, check=True)
    with tempfile.TemporaryDirectory() as directory:
        both = start_both(build, directory)
        try:
            idle = [one.idle_cpu(5) for one in both]
            results = [one.scrapes(scrapes, "identity", spent) for one, spent in zip(both, idle)]
            label = f"{interfaces} interfaces"
            table.row(f"{label}: series", [one.series for one in both], count)
            table.row(f"{label}: sampling, of one CPU", idle, percent)
            table.row(f"{label}: CPU a scrape", [one["cpu"] for one in results], milliseconds,
                      5e-3 if interfaces >= 200 else None)
        finally:
            for one in both:
                one.end()


def in_namespace(arguments, interfaces):
    command = ["unshare", "-n", sys.executable, os.path.abspath(__file__), "--build", arguments.build, "--scrapes",
               str(arguments.scrapes), "--interfaces", str(interfaces)]
    return subprocess.run(command, check=False).returncode == 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default="build/release")
    parser.add_argument("--scrapes", type=int, default=300)
    parser.add_argument("--interfaces", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--no-budget", action="store_true", help="only measure")
    arguments = parser.parse_args()
    for program in (os.path.join(arguments.build, "kernstatd"), "prometheus-node-exporter"):
        if not shutil.which(program):
            print(f"{program} is missing")
            return 77
    if arguments.interfaces:
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        table = Table()
        measure_interfaces(table, arguments.build, arguments.scrapes, arguments.interfaces)
        return 1 if table.failed else 0
    table = Table()
    measure(table, arguments.build, arguments.scrapes, many=False)
    measure(table, arguments.build, max(20, arguments.scrapes // 5), many=True)
    failed = table.failed
    for interfaces in (20, 200):
        if not in_namespace(arguments, interfaces):
            failed.append(f"{interfaces} interfaces")
    if failed:
        print("over budget, or not measured: " + "; ".join(failed))
    return 1 if failed and not arguments.no_budget else 0


if __name__ == "__main__":
    sys.exit(main())
