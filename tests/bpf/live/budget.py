#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# ctest: label=live parallel
"""A tool that costs more than its budget is detached, says so, and keeps what it counted."""
import os
import subprocess
import time

from harness import Tool, build_dir, expect, need_root

DIRECTORY = os.path.join(build_dir(), "tests/bpf/tools")
CALLS = "kernstat_test_system_calls_total"


def attached(pid):
    """Links that the driver holds."""
    count = 0
    for fd in os.listdir(f"/proc/{pid}/fd"):
        try:
            with open(f"/proc/{pid}/fdinfo/{fd}") as info:
                count += "link_type" in info.read()
        except FileNotFoundError:
            pass
    return count


def run():
    need_root()
    with Tool("sampler", directory=DIRECTORY, budget=0.0001, only_tgid=os.getpid()) as tool:
        before = attached(tool.pid)
        assert before > 0, "no links"
        tool.scrape()
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            for _ in range(200_000):
                os.getppid()
            scrape = tool.scrape()
            if scrape.error:
                break
            counted = scrape.sum(CALLS, call="getppid")
        assert "shed" in scrape.error, f"not shed: {scrape.error!r}"
        expect(scrape.sum("kernstat_bpf_tool_shed"), 1, "marked")
        expect(scrape.sum("kernstat_bpf_tool_shed_total"), 1, "counted")
        assert not scrape.has(CALLS), "series of a shed tool are missing, not stale"
        expect(attached(tool.pid), 0, "links of a shed tool")
        assert counted >= 200_000, f"{counted} calls before"
        assert "shed" in tool.scrape().error, "stays shed during the back-off"
    print("ok budget")


def tried_again():
    """After the back-off, a minute at first, and longer when it is dear again. The tool's clock runs ahead."""
    with Tool("sampler", directory=DIRECTORY, budget=0.0001, options=["--step=31"], only_tgid=os.getpid()) as tool:
        linked = attached(tool.pid)
        counted, shed, states = 0, 0, []
        for _ in range(14):
            for _ in range(100_000):
                os.getppid()
            scrape = tool.scrape()
            states.append("shed" if scrape.error else "ok")
            expect(scrape.sum("kernstat_bpf_tool_shed"), int(bool(scrape.error)), "marked")
            expect(attached(tool.pid), 0 if scrape.error else linked, "links")
            if not scrape.error:
                assert scrape.sum(CALLS) >= counted, "counts never go back"
                counted = scrape.sum(CALLS)
            shed = scrape.sum("kernstat_bpf_tool_shed_total")
        print(" ".join(states))
        assert shed >= 2 and "shed ok" in " ".join(states), "shed, tried again, and shed again"
        # 62 s at first, then 124 s: so many steps of 31 s.
        runs = [run for run in " ".join(states).replace("shed", "s").replace("ok", "o").replace(" ", "").split("o") if run]
        assert len(runs[1]) > len(runs[0]), f"the back-off does not grow: {states}"
    print("ok budget: tried_again")


run()
tried_again()
