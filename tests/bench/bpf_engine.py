#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What the BPF engine costs by itself: a program that does nothing, reading maps, a scrape of 10,000 series of a map, memory.

    tests/bench/bpf_engine.py

Needs build/dev (tests) and build/release (the daemon). Exit code 1: a budget is exceeded."""
import contextlib
import os
import re
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
os.environ.setdefault("KERNSTAT_BUILD", os.path.join(ROOT, "build", "dev"))

import bpf_stats  # noqa: E402
import stimuli  # noqa: E402
from harness import SKIP, Tool  # noqa: E402
from scrape import Connection, Exporter, cpu_seconds, free_port, resident_bytes  # noqa: E402

RELEASE = os.path.join(ROOT, "build", "release")
TOOLS = os.path.join(os.environ["KERNSTAT_BUILD"], "tests/bpf/tools")
MANY = 10_000
SCRAPES = 60
SETTLE = 20  # seconds: the kernel's types are given back, symbols of the first drops have been looked up
NUMBER_BUDGET = 200  # ns for an entry
KIB_BUDGET = 300  # ns for a KiB of histograms that is copied
SCRAPE_BUDGET = 5e-3  # CPU seconds
MEMORY_BUDGET = 32 << 20  # kernel memory of maps
RESIDENT_BUDGET = 16 << 20


class Verdicts:
    def __init__(self):
        self.failed = False

    def say(self, what, text, within=None):
        verdict = "" if within is None else "within budget" if within else "OVER BUDGET"
        self.failed |= within is False
        print(f"{what:64}{text:>16}  {verdict}".rstrip(), flush=True)


def floor(verdicts):
    with stimuli.system_calls() as make:
        without = bpf_stats.shortest(make)
        with Tool("floor", directory=TOOLS) as tool:
            with_two = bpf_stats.shortest(make)
            with bpf_stats.kernel_statistics():
                before = bpf_stats.by_name(tool.pid)
                for _ in range(bpf_stats.ROUNDS):
                    make()
                after = bpf_stats.by_name(tool.pid)
    cost = {}
    for name, (runs, spent) in after.items():
        cost[name.split(":")[0]] = (spent - before[name][1]) / (runs - before[name][0])
    verdicts.say("a program that does nothing, as the kernel counts it", f"{cost['bare']:.0f} ns")
    verdicts.say("  within the wrapper that counts and times", f"{cost['wrapped']:.0f} ns")
    verdicts.say("  by how much two of them delay a system call", f"{(with_two - without) * 1e9:.0f} ns")


def map_reads(verdicts):
    program = os.path.join(os.environ["KERNSTAT_BUILD"], "tests/bpf/bpf_map_read")
    text = subprocess.run([program, os.path.join(os.environ["KERNSTAT_BUILD"], "bpf")], check=True, capture_output=True,
                          text=True).stdout
    for line in text.splitlines():
        kind, entries, size, slow, fast = line.split("\t")
        slow, fast, size = float(slow), float(fast), int(size)
        budget = max(NUMBER_BUDGET, KIB_BUDGET * size / 1024)
        verdicts.say(f"reading a {kind} ({int(entries):,} entries of {size} bytes), one by one", f"{slow:.0f} ns")
        verdicts.say("  in batches", f"{fast:.0f} ns", fast <= budget)
        verdicts.say("  ratio", f"{fast / slow:.2f}")


@contextlib.contextmanager
def daemon(config):
    port = free_port()
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
        file.write(config)
        file.flush()
        exporter = Exporter("kernstatd", [f"{RELEASE}/kernstatd", f"--config.file={file.name}",
                                          f"--web.listen-address=127.0.0.1:{port}"], port)
        try:
            yield exporter
        finally:
            exporter.end()


def sample(exporter, name):
    """The sum over the series of a name."""
    body = Connection(exporter.port, "identity").scrape().decode()
    return sum(float(line.rsplit(" ", 1)[1]) for line in body.splitlines()
               if line.startswith(name) and line[len(name)] in "{ ")


def many_series(verdicts):
    config = (f"bpf:\n  dir: {TOOLS}\n  budget: 1\n"
              f"  tools: {{many: {{enabled: true, interval: 2s, only_tgid: {os.getpid()}}}}}\n")
    with daemon(config) as exporter:
        for _ in range(2 * MANY):
            os.getppid()
        time.sleep(5)
        series = len(re.findall(rb"(?m)^kernstat_test_many_total\{", Connection(exporter.port, "identity").scrape()))
        assert series >= MANY, f"{series} series of the map"
        ticks = sample(exporter, 'kernstat_collector_ticks_total{collector="many"}')
        spent = sample(exporter, 'kernstat_collector_cpu_seconds_total{collector="many"}')
        idle = exporter.idle_cpu()
        ticks = sample(exporter, 'kernstat_collector_ticks_total{collector="many"}') - ticks
        spent = sample(exporter, 'kernstat_collector_cpu_seconds_total{collector="many"}') - spent
        verdicts.say(f"a tick of a tool with {series:,} series, CPU", f"{spent / ticks * 1e3:.3f} ms")
        verdicts.say("  for a series", f"{spent / ticks / series * 1e9:.0f} ns")
        for encoding in ("identity", "gzip"):
            result = exporter.scrapes(SCRAPES, encoding, idle)
            verdicts.say(f"a scrape of {series:,} series of a map, {encoding}, CPU", f"{result['cpu'] * 1e3:.3f} ms",
                         result["cpu"] <= SCRAPE_BUDGET if encoding == "identity" else None)


def kernel_memory(pid):
    """What the kernel itself says of the maps that a process holds (proc(5), fdinfo: memlock), each map once."""
    maps = {}
    for fd in os.listdir(f"/proc/{pid}/fdinfo"):
        with contextlib.suppress(OSError), open(f"/proc/{pid}/fdinfo/{fd}", encoding="ascii") as file:
            info = dict(line.split(":", 1) for line in file.read().splitlines() if ":" in line)
            if "map_id" in info:
                maps[info["map_id"].strip()] = int(info["memlock"])
    return sum(maps.values())


def memory(verdicts):
    names = [name.removesuffix(".yaml") for name in os.listdir(RELEASE + "/bpf") if name.endswith(".yaml")]
    all_on = ", ".join(f"{name}: {{enabled: true}}" for name in names)
    for what, tools in (("the default set", ""), (f"all {len(names)} tools on", f"  tools: {{{all_on}}}\n")):
        with daemon(f"bpf:\n  dir: {RELEASE}/bpf\n{tools}") as exporter:
            pid = exporter.process.pid
            time.sleep(SETTLE)
            told, kernels = sample(exporter, "kernstat_bpf_map_bytes"), kernel_memory(pid)
            resident = resident_bytes(pid)
            verdicts.say(f"{what}: kernel memory of the maps, as the daemon tells", f"{told / 2**20:.2f} MiB",
                         told <= MEMORY_BUDGET)
            verdicts.say("  as the kernel tells, with the maps of variables", f"{kernels / 2**20:.2f} MiB")
            verdicts.say("  resident memory of the daemon", f"{resident / 2**20:.1f} MiB",
                         None if tools else resident <= RESIDENT_BUDGET)
            before, begin = cpu_seconds(pid), time.monotonic()
            time.sleep(10)
            share = (cpu_seconds(pid) - before) / (time.monotonic() - begin)
            verdicts.say("  CPU of the daemon without scrapes, of one CPU", f"{share:.3%}")


def main():
    wanted = [os.path.join(os.environ["KERNSTAT_BUILD"], "tests/bpf/bpf_map_read"), RELEASE + "/kernstatd"]
    missing = [path for path in wanted if not os.path.exists(path)]
    if os.geteuid() != 0 or missing:
        print("needs root" + "".join(" and " + path for path in missing))
        return SKIP
    verdicts = Verdicts()
    for part in (floor, map_reads, many_series, memory):
        part(verdicts)
    return 1 if verdicts.failed else 0


if __name__ == "__main__":
    sys.exit(main())
