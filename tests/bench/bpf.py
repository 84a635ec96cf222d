#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What the BPF tools cost: each is loaded, its events are made in bulk, and the time of its programs for each event is taken
times what an idle, a busy and an extreme host have of them.

    tests/bench/bpf.py [--only TOOL,…] [--update]

Columns: ns by event as the kernel counts it (kernel.bpf_stats_enabled), the same as the tool counts itself, then the share of
one CPU on the three hosts. "caller" and "reader" mark events whose price is another: how much longer the caller takes, or
the CPU time of the process that reads. --update writes the prices into README.md. Exit code 1: a budget is exceeded."""
import argparse
import contextlib
import os
import re
import shutil
import sys

import yaml

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
os.environ.setdefault("KERNSTAT_BUILD", os.path.join(ROOT, "build", "dev"))

import bpf_start  # noqa: E402
import bpf_stats  # noqa: E402
from bpf_cases import CASES, RATES  # noqa: E402
from harness import SKIP, Tool  # noqa: E402

RELEASE = os.path.join(ROOT, "build", "release")
BUDGET = 0.01  # of one CPU on the busy host, of what is on by default
START_BUDGET = 2  # seconds
BUSY = 1
BEGIN, END = "<!-- bpf prices: made by tests/bench/bpf.py --update -->", "<!-- /bpf prices -->"


class Row:
    def __init__(self, tool, case, ns, own):
        self.tool, self.case, self.ns, self.own = tool, case, max(ns, 0), own
        self.shares = [self.ns * rate / 1e9 for rate in RATES[case.event]]


@contextlib.contextmanager
def quiet():
    """Drops what the driver logs, refused hooks above all."""
    kept = os.dup(2)
    with open(os.devnull, "w", encoding="ascii") as nothing:
        os.dup2(nothing.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


def measure(name, case):
    """A row, or why there is none."""
    with case.stimulus() as make:
        without = bpf_stats.shortest(make) if case.clock == "caller" else 0
        with quiet(), Tool(name, budget=100) as tool:
            if case.clock == "caller":
                return Row(name, case, (bpf_stats.shortest(make) - without) * 1e9, None)
            if case.clock == "reader":
                return Row(name, case, bpf_stats.by_reader(tool), None)
            with bpf_stats.kernel_statistics():
                ns, own = bpf_stats.by_programs(tool, make, case.runs)
            return Row(name, case, ns, own)


def measure_all(names, defaults):
    print(f"{'tool':15}{'default':8}{'event':30}{'ns/event':>10}{'own count':>10}{'idle':>11}{'busy':>11}{'extreme':>11}")
    rows, missing = [], {}
    for name in names:
        for case in CASES[name]:
            try:
                row = measure(name, case)
            except (SystemExit, AssertionError, OSError) as error:
                missing[name] = "it cannot run here" if isinstance(error, SystemExit) else str(error)
                print(f"{name:15}{case.event}: not measured, {missing[name]}", flush=True)
                continue
            rows.append(row)
            own = case.clock if row.own is None else f"{row.own:.0f}"
            print(f"{name:15}{'on' if defaults[name] else 'off':8}{case.event:30}{row.ns:10.0f}{own:>10}"
                  + "".join(f"{share:11.4%}" for share in row.shares), flush=True)
    return rows, missing


def sums(rows, defaults):
    """Shares of one CPU of what is on by default, on the three hosts."""
    return [sum(row.shares[host] for row in rows if defaults[row.tool]) for host in range(3)]


def percent(share):
    """Two digits; what is less than a hundred-thousandth of a CPU is nothing."""
    if share < 1e-5:
        return "< 0.001"
    return f"{float(f'{share * 100:.2g}'):g}"


def prices(rows, defaults, whole):
    kernel = ".".join(os.uname().release.split("-")[0].split(".")[:2])
    lines = [
        "Of one CPU, on a busy host (20,000 block I/Os, 2,000 connections, 50,000 context switches, 100,000 packets and",
        "200,000 system calls a second; the other rates stand in `tests/bench/bpf_cases.py`): the time of a tool's programs for",
        "one event as the kernel counts it, times the rate; where the hook costs more than the program (system calls, the C",
        "library) what the caller waits; for walks over sockets the CPU time of reading them. What the kernel takes to call a",
        f"program, some 10 to 20 ns a run, is not in it. Measured with {os.cpu_count()} CPUs and Linux {kernel}.", "",
        "| tool | default | events | % of one CPU |", "| --- | --- | --- | --- |"]
    for name in sorted({row.tool for row in rows}, key=lambda name: (not defaults[name], name)):
        mine = [row for row in rows if row.tool == name]
        events = "; ".join(f"{row.case.event}: {row.ns:,.0f} ns" for row in mine)
        lines.append(f"| {name} | {'on' if defaults[name] else 'off'} | {events} | "
                     f"{percent(sum(row.shares[BUSY] for row in mine))} |")
    lines.append(f"| all that are on by default | | | {percent(sums(rows, defaults)[BUSY])} |")
    return "\n".join(lines + (["", whole] if whole else []))


def update(rows, defaults, whole):
    path = os.path.join(ROOT, "README.md")
    with open(path, encoding="utf-8") as file:
        text = file.read()
    block = f"{BEGIN}\n{prices(rows, defaults, whole)}\n{END}"
    pattern = re.escape(BEGIN) + ".*?" + re.escape(END)
    text, changed = re.subn(pattern, lambda _: block, text, flags=re.DOTALL)
    assert changed == 1, f"{path} has no place for the prices"
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def default_states():
    result = {}
    for name in sorted(os.listdir(os.path.join(ROOT, "bpf"))):
        if name.endswith(".yaml"):
            with open(os.path.join(ROOT, "bpf", name), encoding="utf-8") as file:
                result[name.removesuffix(".yaml")] = bool(yaml.safe_load(file).get("enabled", True))
    return result


class Verdicts:
    def __init__(self):
        self.failed = False

    def say(self, what, text, within):
        self.failed |= not within
        print(f"{what:46}{text:>16}  {'within budget' if within else 'OVER BUDGET'}", flush=True)


def whole_host(verdicts, rows, defaults):
    shares = sums(rows, defaults)
    print(f"\non by default: idle {shares[0]:.4%}, busy {shares[1]:.4%}, extreme {shares[2]:.4%} of one CPU")
    verdicts.say("on by default, busy host", f"{shares[BUSY]:.3%}", shares[BUSY] <= BUDGET)
    seconds, resident, running = bpf_start.start(RELEASE, list(defaults))
    verdicts.say(f"start to ready, {running} of {len(defaults)} tools run", f"{seconds:.2f} s", seconds <= START_BUDGET)
    print(f"{'resident with all tools on':46}{resident / 2**20:12.1f} MiB")
    return (f"With all {running} tools on the daemon is ready {seconds:.1f} s after its start, and has "
            f"{resident / 2**20:.0f} MiB resident.")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", help="these tools alone, and nothing of the whole host")
    parser.add_argument("--update", action="store_true", help="write the prices into README.md")
    arguments = parser.parse_args()
    if arguments.update and arguments.only:
        parser.error("--update needs every tool")
    driver = os.path.join(os.environ["KERNSTAT_BUILD"], "tests/bpf/bpf_tool_driver")
    if os.geteuid() != 0 or not os.path.exists(driver) or not shutil.which("bpftool", path="/usr/sbin:/usr/bin"):
        print(f"needs root, bpftool and {driver}")
        return SKIP
    defaults = default_states()
    names = arguments.only.split(",") if arguments.only else list(defaults)
    unknown = [name for name in names if name not in CASES]
    assert not unknown, f"no case in bpf_cases.py: {', '.join(unknown)}"
    rows, missing = measure_all(names, defaults)
    verdicts = Verdicts()
    whole = None
    if not arguments.only:
        whole = whole_host(verdicts, rows, defaults)
    if missing:
        print("not measured: " + "; ".join(f"{name} ({why})" for name, why in missing.items()))
    if arguments.update:
        update(rows, defaults, whole)
    return 1 if verdicts.failed else 0


if __name__ == "__main__":
    sys.exit(main())
