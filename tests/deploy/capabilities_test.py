#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# ctest: parallel label=deploy timeout=120
"""The table "What each further capability buys" of the deployment's README, line by line: as a user with nothing
else, with and without the capability. (That CAP_SYS_ADMIN buys the perf group where kernel.perf_event_paranoid is above 2 is
seen only in kernels with that patch: tests/lab.) And the unit with both drop-ins gives the daemon exactly what they name."""
import concurrent.futures
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

from harness import BUILD, UNITS, Systemd, drop_in, free_port, require, skip
from systemd_test import scrape, status_of

NOBODY = 65534
PORT, OTHER_PORT = free_port(), free_port()
NETWORK = f"/proc/{os.getpid()}/ns/net"  # of a process of another user: this one
BITS = {"dac_read_search": 2, "sys_ptrace": 19, "sys_admin": 21, "syslog": 34, "perfmon": 38, "bpf": 39}


def run_as_nobody(capabilities, *command):
    """A user with these capabilities, ambient, and with no others in the bounding set."""
    given = ",".join(f"+{one}" for one in capabilities)
    sets = [f"--inh-caps=-all{',' + given if given else ''}", f"--ambient-caps={given or '-all'}",
            f"--bounding-set=-all{',' + given if given else ''}"]
    return subprocess.run(["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", *sets, "--no-new-privs",
                           *map(str, command)], text=True, timeout=60, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          check=False)


class Lines:
    """One method a line of the table, named for its capability."""

    def __init__(self, directory):
        self._directory = directory

    def _once(self, *capabilities):
        return run_as_nobody(capabilities, self._directory / "kernstatd", "--once", "--config.file",
                             self._directory / "kernstatd.yaml").stdout

    def _state(self, tool, *capabilities):
        """The state of a tool in a daemon that runs once."""
        said = self._once(*capabilities)
        found = re.search(rf"^{tool} +(\w+) .*$", said, re.M)
        assert found, said[-2000:]
        print(f"{' '.join(capabilities) or 'nothing'}: {found.group(0)}")
        return found.group(1)

    def bpf_and_perfmon(self):
        with concurrent.futures.ThreadPoolExecutor() as pool:
            states = list(pool.map(lambda given: self._state(*given), [
                ("oomkill",), ("loadavg",), ("oomkill", "bpf"), ("oomkill", "bpf", "perfmon")]))
        assert states == ["denied", "ok", "denied", "ok"], states

    def syslog(self):
        assert self._state("oncpu", "bpf", "perfmon") == "denied"
        assert self._state("oncpu", "bpf", "perfmon", "syslog", "sys_admin") == "ok"

    def dac_read_search(self):
        events = "/sys/kernel/tracing/events"
        if run_as_nobody(["dac_read_search"], "ls", events).returncode != 0:
            print(f"dac_read_search: not checked, {events} is not mounted")
            return
        assert run_as_nobody(["bpf", "perfmon"], "ls", events).returncode != 0

    def sys_ptrace(self):
        assert run_as_nobody([], "readlink", NETWORK).returncode != 0
        assert run_as_nobody(["sys_ptrace"], "readlink", NETWORK).returncode == 0

    def sys_admin_with_ptrace(self):
        """Who listens in a network namespace of another user."""
        listen = ("import socket, time; one = socket.create_server(('127.0.0.1', %d)); print('listens', flush=True); time.sleep(60)"
                  % OTHER_PORT)
        other = subprocess.Popen(["unshare", "--net", "sh", "-c", 'ip link set lo up && exec "$0" -c "$1"', sys.executable, listen],
                                 stdout=subprocess.PIPE, text=True)
        try:
            assert other.stdout.readline() == "listens\n"
            series = f'kernstat_tcp_listeners{{port="{OTHER_PORT}"}}'
            tried = [[], ["sys_ptrace"], ["sys_admin"], ["sys_admin", "sys_ptrace"]]
            with concurrent.futures.ThreadPoolExecutor() as pool:
                seen = list(pool.map(lambda given: series in self._once("bpf", "perfmon", *given), tried))
            assert seen == [False, False, False, True], seen
        finally:
            other.kill()
            other.wait()


def check_drop_ins():
    texts = [(UNITS / name).read_text() for name in ("full.conf", "symbols.conf")]
    with Systemd([*texts, drop_in(PORT)]) as systemd:
        systemd.systemctl("start", "kernstat.service")
        fields = status_of(f"/proc/{systemd.main_pid()}")
        assert int(fields["CapBnd"][0], 16) == sum(1 << bit for bit in BITS.values()), fields["CapBnd"]
        assert 'kernstat_collector_state{collector="oomkill",state="ok"}' in scrape(PORT)
        addresses = systemd.run("nsenter", "-t", systemd.show("MainPID"), "-m", "head", "-n1", "/proc/kallsyms")
        assert addresses.returncode == 0, "the service cannot see /proc/kallsyms"
        systemd.systemctl("stop", "kernstat.service")


def check_table():
    """No capability stands in the table that is not tried here, and none is tried that is not there."""
    text = (UNITS.parent / "README.md").read_text().split("## What each further capability buys")[1].split("\n## ")[0]
    cells = " ".join(line.split("|")[1] for line in text.splitlines() if line.startswith("| `CAP_"))
    named = {one.lower() for one in re.findall(r"CAP_(\w+)", cells)}
    assert named == set(BITS), named ^ set(BITS)


def main():
    check_table()
    require()
    if not shutil.which("setpriv"):
        skip("setpriv is not installed")
    with tempfile.TemporaryDirectory(prefix="kernstat-caps-", dir="/var/tmp") as name:
        directory = pathlib.Path(name)
        shutil.copy(BUILD / "kernstatd", directory)
        shutil.copytree(BUILD / "bpf", directory / "bpf", ignore=shutil.ignore_patterns("arm64", "*.d"))
        (directory / "kernstatd.yaml").write_text("bpf: {tools: {oncpu: {enabled: true}}}\n")
        for path in [directory, *directory.rglob("*")]:
            path.chmod(0o755)
        lines = Lines(directory)
        names = ("bpf_and_perfmon", "syslog", "dac_read_search", "sys_ptrace", "sys_admin_with_ptrace")
        # A daemon that runs once mostly waits for its second reading.
        with concurrent.futures.ThreadPoolExecutor() as pool:
            checks = {name: pool.submit(getattr(lines, name)) for name in names}
            drop_ins = pool.submit(check_drop_ins)
        for name, check in checks.items():
            check.result()
            print(f"{name}: as the table says")
        drop_ins.result()
    return 0


if __name__ == "__main__":
    sys.exit(main())
