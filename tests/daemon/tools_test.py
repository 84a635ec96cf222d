#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# ctest: timeout=300
# ctest: parallel
"""BPF tools in the daemon: their states, switches and limits, and what is left of them when it is killed."""

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from harness import BINARY, BUILD, PATIENCE, Daemon, run  # noqa: E402


def held(pid):
    """The programs, maps and links that a process holds (proc(5), fdinfo), by the kernel's numbers."""
    found = {"prog": set(), "map": set(), "link": set()}
    for fd in os.listdir(f"/proc/{pid}/fdinfo"):
        try:
            with open(f"/proc/{pid}/fdinfo/{fd}", encoding="ascii") as file:
                lines = file.read().splitlines()
        except FileNotFoundError:
            continue
        for line in lines:
            kind, _, number = line.partition("_id:")
            if kind in found:
                found[kind].add(int(number))
    return found


def existing(kind):
    text = subprocess.run(["bpftool", "-j", kind, "show"], check=True, capture_output=True, text=True).stdout
    return {each["id"] for each in json.loads(text)}


class Tools(unittest.TestCase):
    def state(self, daemon, tool):
        """The states that the family says of a tool: always one."""
        start = f'kernstat_collector_state{{collector="{tool}",state="'
        return [name.removeprefix(start).removesuffix('"}') for name in daemon.metrics() if name.startswith(start)]

    def ran(self, daemon, tool):
        if self.state(daemon, tool) != ["ok"]:
            self.skipTest(f"{tool} does not run here: {self.state(daemon, tool)}")

    def test_a_tool_over_its_budget_is_shed_as_a_state_of_its_own_and_counted(self):
        with Daemon(config="bpf: {budget: 0.0000001, tools: {runqlat: {enabled: true}}}\n",
                    bpf=True) as daemon:
            self.ran(daemon, "runqlat")
            daemon.wait(lambda: self.state(daemon, "runqlat") == ["shed"], "the state shed")
            samples = daemon.metrics()
            self.assertEqual(samples['kernstat_bpf_tool_shed{tool="runqlat"}'], 1)
            self.assertEqual(samples['kernstat_bpf_tool_shed_total{tool="runqlat"}'], 1)
            self.assertEqual(samples['node_scrape_collector_success{collector="runqlat"}'], 0)
            self.assertEqual([name for name in samples if name.startswith("kernstat_scheduler_run_queue")], [])
            _, page = daemon.request("/")
            self.assertIn('<td class="shed">shed</td>', page)

    def test_the_configuration_says_how_many_series_a_tool_may_have(self):
        limits = "biolatency: {max_series: 20}, softirqtime: {enabled: true}, tcpresets: {enabled: true, max_series: 0.5}"
        with Daemon(config=f"bpf: {{tools: {{{limits}}}}}\n", bpf=True) as daemon:
            self.ran(daemon, "biolatency")
            capacity = 'kernstat_bpf_map_capacity{tool="biolatency",map="block_requests"}'
            self.assertEqual(daemon.metrics()[capacity], 21)  # and `other`
            self.assertEqual(self.state(daemon, "tcpresets"), ["failed"])
            self.assertIn("max_series must be a whole number", daemon.log())
            listed = run(f"--config.file={daemon.config_file}", "--list").stdout
            tools = {block.split()[0]: block for block in re.split(r"\n  (?=\S)", listed)}
            self.assertIn("max_series", tools["biolatency"])
            self.assertNotIn("max_series", tools["softirqtime"], "its map is an array with a place for each vector")

    def test_each_kill_switch_leaves_the_tools_off(self):
        """The kernel's command line, from a /proc of which only that file is another; the file, in a mount namespace of
        its own; and a tool that is not wanted."""
        with Daemon(bpf=True) as daemon:
            self.ran(daemon, "biolatency")
            self.assertEqual(self.state(daemon, "opensnoop"), ["off"])
        with tempfile.TemporaryDirectory() as proc:
            for name in os.listdir("/proc"):
                if not name.isdigit() and name != "cmdline":
                    os.symlink("/proc/" + name, f"{proc}/{name}")
            os.symlink("/proc/1", proc + "/1")
            with open(proc + "/cmdline", "w", encoding="ascii") as file:
                file.write("quiet kernstat.bpf=off root=/dev/sda\n")
            with Daemon(f"--path.procfs={proc}", bpf=True) as daemon:
                self.off(daemon, "command_line")
        with Daemon(bpf=True, within=(
                "unshare", "--mount", "sh", "-c", "mount -t tmpfs none /etc && mkdir /etc/kernstat && "
                'touch /etc/kernstat/bpf.disable && exec "$@"', "sh")) as daemon:
            self.off(daemon, "file")

    def off(self, daemon, reason):
        samples = daemon.metrics()
        self.assertEqual(samples[f'kernstat_bpf_off{{reason="{reason}"}}'], 1)
        self.assertEqual(self.state(daemon, "biolatency"), ["off"])
        self.assertEqual([name for name in samples if name.startswith("kernstat_bpf_program")], [])
        _, page = daemon.request("/")
        self.assertIn(f"BPF is off: {reason}", page)

    def test_a_killed_daemon_leaves_no_program_map_or_link(self):
        with Daemon(bpf=True) as daemon:
            self.ran(daemon, "biolatency")
            mine = held(daemon.process.pid)
            for kind, numbers in mine.items():
                self.assertGreater(len(numbers), 3, kind)
                self.assertEqual(numbers - existing(kind), set(), kind)
            daemon.process.kill()
            daemon.process.wait()
            end = time.monotonic() + PATIENCE  # the kernel takes them down in its own time
            while any(numbers & existing(kind) for kind, numbers in mine.items()) and time.monotonic() < end:
                time.sleep(0.1)
            self.assertEqual({kind: numbers & existing(kind) for kind, numbers in mine.items()},
                             {"prog": set(), "map": set(), "link": set()})

    def test_what_the_verifier_refuses_is_told_in_short_and_at_debug_level_in_full(self):
        tools = "{refused: {enabled: true}, floor: {enabled: true}}"
        short = "R0 invalid mem access 'map_value_or_null'"
        for level, in_full in (("debug", True), ("info", False)):
            with Daemon(f"--log.level={level}", bpf=True,
                        config=f"bpf: {{dir: {BUILD}/tests/bpf/tools, tools: {tools}}}\n") as daemon:
                self.ran(daemon, "floor")
                self.assertEqual(self.state(daemon, "refused"), ["unsupported"])
                _, page = daemon.request("/")
                self.assertIn(short.replace("'", "&#39;"), page)
                unavailable = [name for name in daemon.metrics() if name.startswith("kernstat_bpf_hook_unavailable")]
                self.assertTrue(any(short in name for name in unavailable), unavailable)
                self.assertEqual("processed" in daemon.log(), in_full, daemon.log())

    def test_maps_shrink_to_the_memory_limit(self):
        told = {}
        for limit in ("32MiB", "2MiB"):
            with Daemon(config=f"bpf: {{memory_limit: {limit}}}\n", bpf=True) as daemon:
                self.ran(daemon, "biolatency")
                samples = daemon.metrics()
                told[limit] = (samples['kernstat_bpf_map_capacity{tool="biolatency",map="block_requests"}'],
                               sum(value for name, value in samples.items()
                                   if name.startswith("kernstat_bpf_map_bytes{")))
        print(f"capacity of block_requests, and bytes of all maps: {told}")
        self.assertEqual(told["32MiB"][0], 65)
        self.assertLess(told["2MiB"][0], 65)
        self.assertGreaterEqual(told["2MiB"][0], 9)
        self.assertLess(told["2MiB"][1], 2 << 20)

    STATE = 'kernstat_collector_state{collector="biolatency",state="ok"}'
    OFF = 'kernstat_bpf_off{reason="config"}'

    def test_bpf_goes_off_and_on_by_reload_and_the_other_collectors_stay(self):
        with Daemon(config="bpf: {enabled: true}\n", bpf=True) as daemon:
            before = daemon.metrics()
            if self.STATE not in before:
                self.skipTest("no BPF here: " + next((line for line in daemon.log().splitlines()
                                                      if "biolatency" in line), "no tool biolatency"))
            self.assertNotIn(self.OFF, before)
            for count, (config, is_on) in enumerate((("bpf: off\n", False), ("", True))):
                daemon.write_config(config)
                daemon.process.send_signal(signal.SIGHUP)
                daemon.wait_log("configuration read again", count=count + 1)
                daemon.wait(lambda on=is_on: (self.STATE in daemon.metrics()) == on, f"BPF {is_on}")
                self.assertEqual(self.OFF in daemon.metrics(), not is_on)
            ticks = 'kernstat_collector_ticks_total{collector="stat"}'
            self.assertGreaterEqual(daemon.metrics()[ticks], before[ticks])


if __name__ == "__main__":
    if not os.access(BINARY, os.X_OK):
        print(f"{BINARY} is not built")
        sys.exit(77)
    unittest.main()
