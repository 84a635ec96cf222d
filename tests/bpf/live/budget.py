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


run()
