#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# ctest: label=live
# lab: alone
"""Processes that a small memory cgroup cannot hold are killed, and counted for their cgroup."""
import os
import signal

from common import MemoryCgroup, eventually
from common_forced import forced
from harness import as_shipped, expect, in_lab, main
from common_memory import exhaust_memory, in_group, take

TOTAL = "kernstat_memory_oom_kills_total"
BY_WORKLOAD = "kernstat_memory_oom_kills_by_workload_total"
KILLS = 3


def fill():
    """More than the group may have."""
    take(64)


def counts_each_kill(tool):
    def once():
        before = tool.scrape()
        assert before.has(TOTAL), "no zero from the start"
        with MemoryCgroup(16 << 20) as group:
            for _ in range(KILLS):
                expect(in_group(group.path, fill), -signal.SIGKILL, "exit code")
            after = tool.scrape()
            expect(after.delta(before, TOTAL), KILLS, "kills")
            ours = [labels["workload"] for labels, value in after.select(BY_WORKLOAD)
                    if labels["workload"].endswith(os.path.basename(group.path))]
            if ours:
                expect(after.sum(BY_WORKLOAD, workload=ours[0]), KILLS, "kills of the cgroup")
            else:
                # Of several v1 hierarchies another one may name workloads.
                expect(after.delta(before, BY_WORKLOAD), KILLS, "kills of all workloads")
            expect(after.lost(), 0, "lost")
    eventually(once)


def counts_kills_of_nobody_known(_):
    """What is used where the kernel tells no more than the number of the victim's process."""
    with forced("oomkill", "victim", "on_victim_pid") as tool:
        def once():
            before = tool.scrape()
            with MemoryCgroup(16 << 20) as group:
                expect(in_group(group.path, fill), -signal.SIGKILL, "exit code")
            expect(tool.scrape().delta(before, TOTAL), 1, "kills")
        eventually(once)


def counts_a_kill_of_the_whole_machine(tool):
    """No limit of a group: there is no memory left at all."""
    if not in_lab():
        print("oomkill: a kill of the whole machine is not tried: this one is not ours")
        return
    # Which hook counts it makes no difference, and filling the memory takes emulation seconds.
    if not as_shipped():
        return
    before = tool.scrape()
    code, log = exhaust_memory()
    expect(code, -signal.SIGKILL, "exit code")
    assert "constraint=CONSTRAINT_NONE" in log and "global_oom" in log, f"another kill: {log}"
    after = tool.scrape()
    expect(after.delta(before, TOTAL), 1, "kills")
    expect(after.delta(before, BY_WORKLOAD, workload="/"), 1, "kills outside of any cgroup")


main("oomkill", counts_each_kill, counts_kills_of_nobody_known, counts_a_kill_of_the_whole_machine)
