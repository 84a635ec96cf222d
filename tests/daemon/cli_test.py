#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# ctest: timeout=300
# ctest: parallel
"""The command line: flags, exit codes, commands that print and end."""

import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from harness import BINARY, PATIENCE, parse, run  # noqa: E402


class Printing(unittest.TestCase):
    def test_help_names_every_flag(self):
        result = run("--help")
        self.assertEqual(result.returncode, 0)
        self.assertEqual(result.stderr, "")
        for flag in ("config.file web.listen-address web.telemetry-path path.procfs path.sysfs path.rootfs bpf "
                     "bpf.dir btf.path log.level log.format once check-config default-config list version help").split():
            self.assertIn(f"--{flag} ", result.stdout)
        self.assertLess(max(map(len, result.stdout.splitlines())), 121)

    def test_version(self):
        result = run("--version")
        self.assertEqual(result.returncode, 0)
        self.assertRegex(result.stdout, r"^kernstatd \d+\.\d+\.\d+ \((gcc|clang) .*\)\n$")

    def test_list_has_collectors_with_their_options(self):
        result = run("--list", "--bpf=off")
        self.assertEqual(result.returncode, 0)
        self.assertRegex(result.stdout, r"(?m)^  loadavg +on +1s  Load averages")
        self.assertRegex(result.stdout, r"(?m)^    \S+ .* \(default: ")

    def test_default_config_is_accepted(self):
        text = run("--default-config").stdout
        with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
            file.write(text)
            file.flush()
            result = run("--check-config", f"--config.file={file.name}", "--bpf=off")
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        self.assertIn("no problems", result.stdout)

    def test_check_config_says_that_there_is_no_file(self):
        if os.path.exists("/etc/kernstat/kernstatd.yaml"):
            self.skipTest("this host has a configuration")
        result = run("--check-config", "--bpf=off")
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        self.assertEqual(result.stdout, "/etc/kernstat/kernstatd.yaml is not there: the defaults apply\n")

    def test_a_full_disk_is_told_by_the_exit_code(self):
        for command in ("--once", "--list", "--default-config"):
            with open("/dev/full", "w", encoding="utf-8") as full:
                result = subprocess.run([BINARY, command, "--bpf=off"], stdout=full, stderr=subprocess.DEVNULL,
                                        timeout=PATIENCE, check=False)
            self.assertEqual(result.returncode, 1, command)

    def test_once_prints_an_exposition_and_a_table(self):
        result = run("--once", "--bpf=off")
        samples = parse(result.stdout)
        self.assertIn("node_load1", samples)
        self.assertEqual(samples['kernstat_collector_ticks_total{collector="loadavg"}'], 2)
        table = result.stderr.splitlines()
        self.assertRegex(table[0], r"^collector +state +ms +series +error$")
        rows = {line.split()[0]: line.split()[1:] for line in table[1:]}
        self.assertEqual(rows["loadavg"][0], "ok")
        self.assertEqual(rows["loadavg"][2], "3")
        failed = [name for name, row in rows.items() if row[0] == "failed"]
        self.assertEqual(failed, [])
        self.assertEqual(result.returncode, 0)

    def test_a_broken_tool_is_named_by_check_config_and_stops_nothing_else(self):
        with tempfile.TemporaryDirectory() as directory:
            with open(os.path.join(directory, "mine.yaml"), "w", encoding="utf-8") as file:
                file.write("help: Mine.\nmetrics: []\ncolour: red\n")
            check = run("--check-config", "--config.file=/dev/null", f"--bpf.dir={directory}")
            self.assertEqual(check.returncode, 2)
            self.assertIn("mine.yaml:3:1: unknown key 'colour'", check.stderr)
            once = run("--once", "--config.file=/dev/null", f"--bpf.dir={directory}")
        self.assertRegex(once.stderr, r"(?m)^mine +failed .*mine.yaml:")
        self.assertIn("node_load1", once.stdout)
        self.assertEqual(once.returncode, 1)

    def test_once_exits_with_1_when_a_collector_failed(self):
        with tempfile.TemporaryDirectory() as proc:
            with open(os.path.join(proc, "loadavg"), "w", encoding="utf-8") as file:
                file.write("not a number\n")
            result = run("--once", "--bpf=off", f"--path.procfs={proc}", "--path.sysfs=/nonexistent")
        self.assertEqual(result.returncode, 1)
        self.assertRegex(result.stderr, r"(?m)^loadavg +failed .*'not' is not a load average$")
        self.assertNotIn("node_load1", result.stdout)


class Refusing(unittest.TestCase):
    def refused(self, code, *arguments, says):
        result = run(*arguments)
        self.assertEqual(result.returncode, code, result.stderr)
        self.assertEqual(result.stdout, "")
        self.assertRegex(result.stderr, says)
        return result.stderr

    def test_wrong_flags(self):
        self.refused(2, "--nonsense", says="--nonsense")
        self.refused(2, "--log.level=loud", says="debug.*info.*warn.*error")
        self.refused(2, "--bpf=maybe", says="on.*off")
        self.refused(2, "--once", "--list", says="Only one of")
        self.refused(2, "--config.file", says="config.file")
        self.refused(2, "--once", "stray", says="stray")
        self.refused(2, "--web.listen-address=nowhere", says="^--web.listen-address: expected an address like")
        self.refused(2, "--web.listen-address=localhost:80", says="^--web.listen-address: expected an address like")

    def test_a_wrong_configuration_says_everything_that_is_wrong(self):
        with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
            file.write("collectors:\n  loadavg: {intervall: 1s}\n  statt: {}\nlimits: {series: many}\n")
            file.flush()
            for command in ("--check-config", "--once", "--list", "--bpf=off"):
                text = self.refused(2, f"--config.file={file.name}", command, says="intervall")
                lines = [line.removeprefix(file.name) for line in text.splitlines()]
                self.assertEqual([re.match(r":\d+:\d+: ", line).group() for line in lines],
                                 [":2:13: ", ":3:3: ", ":4:18: "])
                self.assertIn("did you mean 'interval'?", lines[0])
                self.assertIn("did you mean 'stat'?", lines[1])
                self.assertIn("expected a whole number", lines[2])

    def test_a_directory_of_tools_that_is_not_there(self):
        with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
            file.write("bpf: {dir: /nonexistent/bpf, user_dir: /nonexistent}\n")
            file.flush()
            arguments = (f"--config.file={file.name}", "--bpf.dir=/nonexistent/more")
            self.refused(2, "--check-config", *arguments,
                         says="^/nonexistent: no such directory\n/nonexistent/more: no such directory\n$")
            # It stops nobody: here the address does. The log says it.
            with socket.socket() as taken:
                taken.bind(("127.0.0.1", 0))
                taken.listen()
                text = self.refused(1, f"--web.listen-address=127.0.0.1:{taken.getsockname()[1]}", *arguments,
                                    says="already in use")
        if 'msg="BPF is off"' not in text:
            self.assertIn('level=warn msg="no BPF tools" dir="/nonexistent/bpf, /nonexistent, /nonexistent/more"', text)
            self.assertIn('level=warn msg="BPF tools left out" path=/nonexistent error="no such directory"', text)
            self.assertIn('level=warn msg="BPF tools left out" path=/nonexistent/more error="no such directory"', text)

    def test_ipv6_is_refused_by_the_check_where_the_server_cannot_do_it(self):
        arguments = ("--web.listen-address=[::1]:0", "--bpf=off")
        check = run("--check-config", *arguments)
        if check.returncode == 0:
            self.skipTest("this CivetWeb has IPv6")
        self.assertEqual(check.returncode, 2)
        sentence = "cannot listen on [::1]:0: this build of CivetWeb has no IPv6"
        self.assertEqual(check.stderr, f"web.listen_addresses: {sentence}\n")
        self.refused(1, *arguments, says=re.escape(sentence))

    def test_an_unreadable_file(self):
        self.refused(1, "--config.file=/nonexistent/k.yaml", 
                     says=r"^kernstatd: cannot read the configuration: /nonexistent/k.yaml: No such file or directory\n$")
        with tempfile.TemporaryDirectory() as directory:
            self.refused(1, f"--config.file={directory}", 
                         says=f"^kernstatd: cannot read the configuration: {directory}: Is a directory\n$")

    def test_missing_proc(self):
        for command in ([], ["--once"]):
            self.refused(1, "--path.procfs=/nonexistent", *command,
                         says=r"^kernstatd: cannot start: /nonexistent: No such file or directory\n$")
            self.refused(1, "--path.procfs=/etc", *command, says="^kernstatd: cannot start: /etc is no procfs.*\n$")

    def test_a_file_of_rubbish(self):
        with tempfile.NamedTemporaryFile("wb", suffix=".yaml") as file:
            file.write(b"web:\n  reload: \0true\n")
            file.flush()
            self.refused(2, "--check-config", f"--config.file={file.name}", says=":2:11: a NUL byte")

    def test_a_taken_port(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            address = f"127.0.0.1:{taken.getsockname()[1]}"
            result = run(f"--web.listen-address={address}", "--bpf=off")
        self.assertEqual(result.returncode, 1)
        errors = [line for line in result.stderr.splitlines() if "level=error" in line]
        self.assertEqual(len(errors), 1, result.stderr)
        self.assertIn(f'error="cannot listen on {address}: Address already in use"', errors[0])


class Closing(unittest.TestCase):
    def test_a_closed_standard_output_is_no_crash(self):
        process = subprocess.Popen([BINARY, "--once", "--bpf=off"], stdout=subprocess.PIPE,
                                   stderr=subprocess.DEVNULL)
        process.stdout.close()
        self.assertIn(process.wait(timeout=PATIENCE), (0, 1, -13))


if __name__ == "__main__":
    if not shutil.which(BINARY):
        print(f"{BINARY} is not built")
        sys.exit(77)
    unittest.main()
