#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# ctest: label=live
"""Awkward hooks: a software clock, a library function, a cgroup hook and system calls by name."""
import os
import socket
import time

from harness import at_least, build_dir, expect, main, near

DIRECTORY = os.path.join(build_dir(), "tests/bpf/tools")


def clock_ticks_on_every_cpu(tool):
    before, begin = tool.scrape(), time.monotonic()
    while time.monotonic() < begin + 1:
        pass
    after, end = tool.scrape(), time.monotonic()
    cpus = os.cpu_count()
    ticks = after.delta(before, "kernstat_test_ticks_total")
    # An idle CPU may stop its clock, this one is busy.
    assert 49 * 0.6 <= ticks <= 49 * cpus * (end - begin) * 1.2 + cpus, f"{ticks} ticks"


def library_calls_are_seen(tool):
    before = tool.scrape()
    for _ in range(9):
        socket.getaddrinfo("127.0.0.1", 80, flags=socket.AI_NUMERICHOST)
    after = tool.scrape()
    at_least(after.delta(before, "kernstat_test_calls_total"), 9, "getaddrinfo")


def bytes_leave_through_the_cgroup(tool):
    before = tool.scrape()
    sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    for _ in range(10):
        sender.sendto(bytes(1000), ("127.0.0.1", 9))
    after = tool.scrape()
    at_least(after.delta(before, "kernstat_test_sent_bytes_total", any="true"), 10 * 1028, "bytes")
    assert after.has("kernstat_test_sent_bytes_total", any="false"), "exists as 0"


def system_calls_are_named(tool):
    before = tool.scrape()
    for _ in range(500):
        os.getppid()
    after = tool.scrape()
    expect(after.delta(before, "kernstat_test_system_calls_total", call="getppid"), 500, "getppid")


def cost_agrees_with_the_kernel(tool):
    """Within 20 % of what BPF_ENABLE_STATS tells of the same program in the same time."""
    import subprocess
    sysctl = "/proc/sys/kernel/bpf_stats_enabled"
    program = "on_enter_btf" if ("tp_btf", "sys_enter") in tool.hooks() else "on_enter_raw"

    missed = [0]

    def kernel_ns():
        text = subprocess.run(["bpftool", "prog", "show", "name", program],
                              capture_output=True, text=True).stdout
        words = text.split()
        # The kernel names them only when there are any.
        missed[0] = int(words[words.index("recursion_misses") + 1]) if "recursion_misses" in words else 0
        return (int(words[words.index("run_time_ns") + 1]), int(words[words.index("run_cnt") + 1]))

    with open(sysctl, "w") as switch:
        switch.write("1")
    try:
        os.getppid()
        ours = tool.scrape()
        ns, runs = kernel_ns()
        for _ in range(400_000):
            os.getppid()
        then = tool.scrape()
        ns, runs = (now - before for now, before in zip(kernel_ns(), (ns, runs)))
    finally:
        with open(sysctl, "w") as switch:
            switch.write("0")
    labels = {"program": program}
    near(then.delta(ours, "kernstat_bpf_program_runs_total", **labels), runs, 0.05, "runs")
    expect(then.sum("kernstat_bpf_program_misses_total", **labels), missed[0], "misses")
    mine = then.delta(ours, "kernstat_bpf_program_run_seconds_total", **labels) * 1e9
    print(f"per run: kernel {ns / runs:.1f} ns, wrapper {mine / runs:.1f} ns")
    near(mine, ns, 0.2, "run time")


main("sampler", clock_ticks_on_every_cpu, library_calls_are_seen, bytes_leave_through_the_cgroup,
     system_calls_are_named, cost_agrees_with_the_kernel, directory=DIRECTORY,
     only_tgid=os.getpid())
