# SPDX-License-Identifier: Apache-2.0
"""A real systemd as process 1 of private namespaces, for tests of units."""
import contextlib
import os
import pathlib
import random
import shutil
import socket
import subprocess
import sys
import tempfile
import time

UNITS = pathlib.Path(os.environ["KERNSTAT_SOURCE"]) / "deploy/systemd"
BUILD = pathlib.Path(os.environ["KERNSTAT_BUILD"])
SYSTEMD = "/lib/systemd/systemd"

# The targets that systemd wants to exist; nothing of the host's own units is started.
TARGETS = {
    "default.target": "[Unit]\nDescription=The test\nRequires=basic.target\nAfter=basic.target\nAllowIsolate=yes\n",
    "basic.target": "[Unit]\nDescription=Basic\nRequires=sysinit.target\nAfter=sysinit.target\n",
    **{f"{name}.target": f"[Unit]\nDescription={name}\nDefaultDependencies=no\n"
       for name in ("sysinit", "network", "nss-lookup", "shutdown", "umount", "multi-user", "exit")},
}

# Runs in the new namespaces; becomes systemd.
INSIDE = r"""
set -e
if [ "$2" = network ]; then ip link set lo up; fi
mount --make-rprivate /
mount -t proc proc /proc
mount -t tmpfs tmpfs /run
mkdir -p /run/kernstat-test
cp -r "$1/." /run/kernstat-test/
chmod -R a+rX /run/kernstat-test
# Nothing is left of the service's private directories.
for directory in /tmp /var/tmp; do mount -t tmpfs -o mode=1777 tmpfs $directory; done
mount -t tmpfs tmpfs /sys/fs/cgroup 2>/dev/null || true
mount -t cgroup2 cgroup2 /sys/fs/cgroup
exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin container=test \
  SYSTEMD_UNIT_PATH=/run/kernstat-test/units SYSTEMD_LOG_TARGET=console \
  """ + SYSTEMD + r""" --system --unit=default.target --log-target=console --show-status=no
"""


def skip(reason):
    print(f"skipped: {reason}")
    sys.exit(77)


def free_port():
    """One that nobody listens on, below those that the kernel gives to connections: tests may run beside each other,
    and twice on one machine."""
    while True:
        with contextlib.suppress(OSError), socket.socket() as one:
            one.bind(("127.0.0.1", random.randrange(20000, 32000)))
            return one.getsockname()[1]


def require():
    """Skips where a systemd cannot be run like this."""
    if os.geteuid() != 0:
        skip("needs root for namespaces")
    for program in (SYSTEMD, "/usr/bin/nsenter"):
        if not os.path.exists(program):
            skip(f"{program} is not installed")
    require_namespaces()


def require_namespaces():
    """Skips where root may not make namespaces and mounts, as in most containers."""
    tried = subprocess.run(["unshare", "--mount", "--pid", "--fork", "--cgroup", "sh", "-c",
                            "mount --make-rprivate / && mount -t tmpfs tmpfs /mnt && mount -t cgroup2 cgroup2 /mnt"],
                           stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if tried.returncode != 0:
        skip(f"namespaces and mounts are refused: {tried.stdout.strip()}")


def wait_for(what, condition, seconds):
    """Polls until `condition` gives something; fails with `what` after `seconds`."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.1)
    raise AssertionError(f"not within {seconds} s: {what}")


class Systemd:
    """Use as a context. `drop_ins` are texts that follow the shipped unit. With `network` it has a network namespace of
    its own, in which only the loopback interface is up."""

    def __init__(self, drop_ins=(), network=False):
        self._namespaces = ["--net"] if network else []
        self._directory = tempfile.mkdtemp(prefix="kernstat-systemd-")
        root = pathlib.Path(self._directory)
        units = root / "units"
        (units / "kernstat.service.d").mkdir(parents=True)
        for name, text in TARGETS.items():
            (units / name).write_text(text)
        shutil.copy(UNITS / "kernstat.service", units)
        for number, text in enumerate(drop_ins):
            (units / "kernstat.service.d" / f"{number}.conf").write_text(text)
        shutil.copy(BUILD / "kernstatd", root)
        shutil.copytree(BUILD / "bpf", root / "bpf", ignore=shutil.ignore_patterns("arm64", "*.d"))
        self._process = None
        self.pid = None

    def __enter__(self):
        self._process = subprocess.Popen(
            ["unshare", "--fork", "--kill-child", "--pid", "--mount", "--uts", "--ipc", "--cgroup", *self._namespaces,
             "sh", "-c", INSIDE, "sh", self._directory, *(["network"] if self._namespaces else [])], stdin=subprocess.DEVNULL)
        children = f"/proc/{self._process.pid}/task/{self._process.pid}/children"
        self.pid = int(wait_for("a child of unshare", lambda: open(children).read().split(), 10)[0])
        try:
            wait_for("systemd up", lambda: self.run("systemctl", "is-system-running").stdout.strip()
                     in ("running", "degraded"), 30)
        except AssertionError:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        if self._process.poll() is None:
            os.kill(self.pid, 9)
            self._process.wait(20)
        shutil.rmtree(self._directory, ignore_errors=True)

    def run(self, *command):
        """Runs a command in all namespaces of systemd."""
        return subprocess.run(["nsenter", "-t", str(self.pid), "-a", *command], text=True, timeout=60,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)

    def systemctl(self, *words):
        done = self.run("systemctl", "--no-pager", *words)
        assert done.returncode == 0, f"systemctl {' '.join(words)}: {done.stdout}\n{self.log()[-3000:]}"
        return done.stdout

    def show(self, name):
        """A property of kernstat.service."""
        return self.systemctl("show", "--value", "-p", name, "kernstat.service").strip()

    def main_pid(self):
        """The daemon's process id as the host sees it; 0 when it does not run."""
        inner = self.show("MainPID")
        for child in open(f"/proc/{self.pid}/task/{self.pid}/children").read().split():
            try:
                ids = next(line for line in open(f"/proc/{child}/status") if line.startswith("NSpid")).split()
            except OSError:
                continue
            if ids[-1] == inner:
                return int(child)
        return 0

    def log(self):
        """What the daemon said."""
        path = pathlib.Path(f"/proc/{self.pid}/root/run/kernstat-test/log")
        return path.read_text(errors="replace") if path.exists() else ""


def drop_in(port, address="127.0.0.1", flags=""):
    """What makes the shipped unit run the daemon under test: another program, another port, its log in ours."""
    return (f"[Service]\nExecStart=\nExecStart=/run/kernstat-test/kernstatd {flags} "
            f"--web.listen-address={address}:{port}\nStandardOutput=append:/run/kernstat-test/log\nStandardError=append:/run/kernstat-test/log\n")
