# SPDX-License-Identifier: Apache-2.0
"""What BPF programs cost: as the kernel counts it, as our tools count it, and by the clock of who calls."""
import contextlib
import json
import os
import subprocess
import time

from scrape import cpu_seconds

SWITCH = "/proc/sys/kernel/bpf_stats_enabled"
READS = 10
TRIES = 80
ROUNDS = 4


@contextlib.contextmanager
def kernel_statistics():
    """The kernel counts runs and time of every program meanwhile."""
    with open(SWITCH, encoding="ascii") as file:
        before = file.read()
    with open(SWITCH, "w", encoding="ascii") as file:
        file.write("1")
    try:
        yield
    finally:
        with open(SWITCH, "w", encoding="ascii") as file:
            file.write(before)


def programs_of(pid):
    """The programs that a process holds by themselves or by their links (proc(5), fdinfo)."""
    found = set()
    for fd in os.listdir(f"/proc/{pid}/fdinfo"):
        with contextlib.suppress(OSError):
            with open(f"/proc/{pid}/fdinfo/{fd}", encoding="ascii") as file:
                found |= {int(line.split()[1]) for line in file if line.startswith("prog_id:")}
    return found


def by_name(pid):
    """Runs and nanoseconds of each program that a process holds, by the kernel."""
    ids = programs_of(pid)
    text = subprocess.run(["bpftool", "-j", "prog", "show"], check=True, capture_output=True, text=True).stdout
    return {program.get("name", "?") + f":{program['id']}": (program.get("run_cnt", 0), program.get("run_time_ns", 0))
            for program in json.loads(text) if program["id"] in ids}


def of_process(pid):
    """The same of all of them together."""
    programs = by_name(pid).values()
    return sum(runs for runs, _ in programs), sum(spent for _, spent in programs)


def by_programs(tool, make, runs_per_event):
    """Nanoseconds by event, by the kernel's count and by the tool's own. The round that was disturbed least counts."""
    make()
    tool.scrape()  # a tool may attach more now that it saw the first events
    return min(one_round(tool, make, runs_per_event) for _ in range(ROUNDS))


def one_round(tool, make, runs_per_event):
    scrape, kernel = tool.scrape(), of_process(tool.pid)
    events = make()
    runs, spent = (after - before for after, before in zip(of_process(tool.pid), kernel))
    after = tool.scrape()
    own = after.delta(scrape, "kernstat_bpf_program_run_seconds_total") * 1e9
    own_runs = after.delta(scrape, "kernstat_bpf_program_runs_total")
    assert runs > 0 and own_runs > 0, "the programs did not run"
    if runs_per_event:
        events = runs / runs_per_event
        own *= runs / own_runs
    return spent / events, own / events


def shortest(make):
    """Seconds by event, undisturbed."""
    best = float("inf")
    for _ in range(TRIES):
        begin = time.perf_counter()
        events = make()
        best = min(best, (time.perf_counter() - begin) / events)
    return best


def by_reader(tool):
    """Nanoseconds of CPU time by reading of the tool, printing included; of the reading that was disturbed least."""
    tool.scrape()
    readings = []
    for _ in range(READS):
        before = cpu_seconds(tool.pid)
        tool.scrape()
        readings.append(cpu_seconds(tool.pid) - before)
    return min(readings) * 1e9
