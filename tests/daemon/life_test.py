#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# ctest: timeout=300
# ctest: parallel
"""The daemon's life: signals, reloads, the service manager, privileges."""

import os
import shutil
import signal
import socket
import sys
import tempfile
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from harness import BINARY, PATIENCE, Daemon  # noqa: E402

NO_TOOLS = "bpf: {dir: /nonexistent}\n"


class Ending(unittest.TestCase):
    def test_signals_end_it_well(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            with Daemon() as daemon:
                code, seconds = daemon.end(number)
                self.assertEqual(code, 0)
                self.assertLess(seconds, 1.5)  # within 1 s, and what a busy machine adds
                self.assertIn("msg=ending", daemon.log())

    def test_a_stuck_collector_neither_stops_the_rest_nor_the_end(self):
        # Opening a FIFO that nobody writes to blocks the lane's thread for good.
        with tempfile.TemporaryDirectory() as proc:
            for name in ("stat", "meminfo"):
                shutil.copyfile(f"/proc/{name}", os.path.join(proc, name))
            os.mkfifo(os.path.join(proc, "loadavg"))
            config = "collectors: {loadavg: {interval: 100ms}}\n"
            with Daemon(f"--path.procfs={proc}", config=config) as daemon:
                self.assertEqual(daemon.request("/-/ready")[0], 503)
                daemon.wait(lambda: daemon.request("/-/healthy")[0] == 503, "an unhealthy answer")
                state = 'kernstat_collector_state{collector="loadavg",state="starting"}'
                self.assertEqual(daemon.metrics()[state], 1)
                code, seconds = daemon.end()
                self.assertEqual(code, 0)
                self.assertLess(seconds, 1.5)


class Reloading(unittest.TestCase):
    OK = "kernstat_config_last_reload_successful"
    TIME = "kernstat_config_last_reload_success_timestamp_seconds"
    TICKS = 'kernstat_collector_ticks_total{collector="%s"}'

    def test_a_signal_applies_the_difference(self):
        with Daemon() as daemon:
            daemon.wait(lambda: daemon.metrics()[self.TICKS % "stat"] >= 3, "three reads")
            before = daemon.metrics()
            self.assertEqual(before[self.OK], 1)
            daemon.write_config("collectors: {loadavg: {enabled: false}, meminfo: {interval: 200ms}}\n")
            daemon.process.send_signal(signal.SIGHUP)
            daemon.wait_log("configuration read again")
            after = daemon.metrics()
            self.assertNotIn("node_load1", after)
            self.assertGreaterEqual(after[self.TICKS % "stat"], before[self.TICKS % "stat"])
            self.assertGreater(after[self.TIME], before[self.TIME])
            daemon.wait(lambda: daemon.metrics()['kernstat_collector_interval_seconds{collector="meminfo"}'] == 0.2,
                        "the new interval")

    def test_a_bad_file_leaves_the_old_configuration_in_force(self):
        with Daemon(config="web: {reload: true}\ncollectors: {loadavg: {interval: 200ms}}\n") as daemon:
            before = daemon.metrics()
            daemon.write_config("collectors: {loadavg: {interval: soon}, nothing: {}}\n")
            daemon.process.send_signal(signal.SIGHUP)
            daemon.wait_log("configuration refused", count=2)
            self.assertIn(":1:34: collectors.loadavg.interval: expected a duration", daemon.log())
            self.assertIn("unknown collector 'nothing'", daemon.log())
            after = daemon.metrics()
            self.assertEqual(after[self.OK], 0)
            self.assertEqual(after[self.TIME], before[self.TIME])
            self.assertEqual(after['kernstat_collector_interval_seconds{collector="loadavg"}'], 0.2)
            os.unlink(daemon.config_file)
            status, body = daemon.request("/-/reload", "POST")
            self.assertEqual(status, 500)
            self.assertIn("No such file", body)
            daemon.write_config("web: {reload: true}\n")
            self.assertEqual(daemon.request("/-/reload", "POST")[0], 200)
            self.assertEqual(daemon.metrics()[self.OK], 1)

    def test_reload_over_http_only_if_enabled(self):
        with Daemon() as daemon:
            status, _ = daemon.request("/-/reload", "POST")
            self.assertIn(status, (403, 404))
            daemon.write_config("web: {reload: true}\n")
            daemon.process.send_signal(signal.SIGHUP)
            daemon.wait_log("configuration read again")
            self.assertEqual(daemon.request("/-/reload", "POST")[0], 200)
            self.assertEqual(daemon.request("/-/reload", "GET")[0], 405)

    def test_what_needs_a_restart_says_so(self):
        with Daemon(config="web: {telemetry_path: /metrics}\n") as daemon:
            daemon.write_config("web: {telemetry_path: /other}\n")
            daemon.process.send_signal(signal.SIGHUP)
            daemon.wait_log("needs a restart")
            self.assertIn("key=web.telemetry_path", daemon.log())
            self.assertEqual(daemon.request("/metrics")[0], 200)


class ServiceManager(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.mkdtemp(prefix="kernstat-notify-")
        self.path = os.path.join(self.directory, "notify")
        self.addCleanup(shutil.rmtree, self.directory)

    def listen(self, address):
        server = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(server.close)
        server.bind(address)
        server.settimeout(PATIENCE)
        return server

    def test_it_is_told_what_happens(self):
        for address, name in ((self.path, self.path), (f"\0kernstat-{os.getpid()}", f"@kernstat-{os.getpid()}")):
            server = self.listen(address)
            with Daemon(env={"NOTIFY_SOCKET": name}) as daemon:
                self.assertIn("READY=1", server.recv(4096).decode().splitlines())
                before = time.clock_gettime(time.CLOCK_MONOTONIC)
                daemon.process.send_signal(signal.SIGHUP)
                reloading = dict(line.split("=", 1) for line in server.recv(4096).decode().splitlines())
                self.assertEqual(reloading["RELOADING"], "1")
                self.assertGreaterEqual(int(reloading["MONOTONIC_USEC"]) / 1e6, before - 0.001)
                self.assertIn("READY=1", server.recv(4096).decode().splitlines())
                self.assertEqual(daemon.end()[0], 0)
                self.assertEqual(server.recv(4096).decode(), "STOPPING=1")

    def test_the_watchdog_hears_of_health_and_no_longer_when_a_lane_is_stuck(self):
        server = self.listen(self.path)
        with tempfile.TemporaryDirectory() as proc:
            shutil.copyfile("/proc/loadavg", os.path.join(proc, "loadavg"))
            environment = {"NOTIFY_SOCKET": self.path, "WATCHDOG_USEC": "400000"}
            with Daemon(f"--path.procfs={proc}", env=environment) as daemon:
                self.assertIn("READY=1", server.recv(4096).decode().splitlines())
                for _ in range(3):
                    self.assertEqual(server.recv(4096).decode(), "WATCHDOG=1")
                # vmstat was absent so far and is looked for every 30 s: a new configuration looks at once.
                os.mkfifo(os.path.join(proc, "vmstat"))
                daemon.write_config("collectors: {vmstat: {interval: 100ms}}\n")
                daemon.process.send_signal(signal.SIGHUP)
                daemon.wait_log("do not come round")
                server.settimeout(0)
                with self.assertRaises(BlockingIOError):
                    while True:
                        server.recv(4096)
                time.sleep(2)
                with self.assertRaises(BlockingIOError):
                    server.recv(4096)
                self.assertEqual(daemon.end()[0], 0)

    def test_two_bad_ends_switch_bpf_off_and_a_good_end_switches_it_on_again(self):
        environment = {"RUNTIME_DIRECTORY": self.directory}
        for ends in range(3):
            with Daemon("--bpf=on", config=NO_TOOLS, env=environment, bpf=True) as daemon:
                self.assertEqual('kernstat_bpf_off{reason="restarts"}' in daemon.metrics(), ends == 2)
                self.assertEqual("reason=restarts" in daemon.log(), ends == 2)
                if ends < 2:
                    daemon.process.kill()
                    daemon.process.wait()
                else:
                    self.assertEqual(daemon.end()[0], 0)
        with Daemon("--bpf=on", config=NO_TOOLS, env=environment, bpf=True) as daemon:
            self.assertNotIn('kernstat_bpf_off{reason="restarts"}', daemon.metrics())


class Privileges(unittest.TestCase):
    def test_only_the_bpf_thread_keeps_capabilities(self):
        if "TSAN_OPTIONS" in os.environ:
            self.skipTest("the thread sanitizer has a thread of its own, which keeps what the process had")
        if os.geteuid() != 0:
            self.skipTest("needs root to have capabilities that could be given up")
        with Daemon(config=NO_TOOLS, bpf=True) as daemon:
            kept = {}
            tasks = f"/proc/{daemon.process.pid}/task"
            for task in os.listdir(tasks):
                with open(f"{tasks}/{task}/status", encoding="utf-8") as file:
                    status = dict(line.split(":\t", 1) for line in file.read().splitlines())
                kept.setdefault(status["Name"], set()).add(int(status["CapEff"], 16) | int(status["CapPrm"], 16))
            bpf = kept.pop("kernstat-bpf")
            self.assertTrue(all(value & (1 << 39) for value in bpf), bpf)  # CAP_BPF
            self.assertFalse(any(value & (1 << 2) for value in bpf), bpf)  # CAP_DAC_READ_SEARCH: start only
            self.assertEqual({name: values for name, values in kept.items() if values != {0}}, {})
            self.assertIn("kernstat-fast", kept)
            self.assertIn("kernstat-slow", kept)


if __name__ == "__main__":
    if not os.access(BINARY, os.X_OK):
        print(f"{BINARY} is not built")
        sys.exit(77)
    unittest.main()
