#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# ctest: label=live
# lab: alone
"""Processes that a small memory cgroup cannot hold are killed, and counted for their cgroup."""
import os
import signal

from common import MemoryCgroup, eventually, kill_for_memory
from harness import expect, in_lab, main

TOTAL = "kernstat_memory_oom_kills_total"
BY_WORKLOAD = "kernstat_memory_oom_kills_by_workload_total"
KILLS = 3

FILL = """
memory = []
while True: memory.append(bytearray(1 << 20))
"""


def counts_each_kill(tool):
    def once():
        before = tool.scrape()
        assert before.has(TOTAL), "no zero from the start"
        with MemoryCgroup(16 << 20) as group:
            for _ in range(KILLS):
                expect(group.run(FILL), -signal.SIGKILL, "exit code")
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


def counts_a_kill_of_the_whole_machine(tool):
    if not in_lab():
        return
    before = tool.scrape()
    expect(kill_for_memory(), -signal.SIGKILL, "exit code")
    after = tool.scrape()
    expect(after.delta(before, TOTAL), 1, "kills")
    expect(after.delta(before, BY_WORKLOAD), 1, "kills of all workloads")


main("oomkill", counts_each_kill, counts_a_kill_of_the_whole_machine)
