# SPDX-License-Identifier: Apache-2.0
"""A process as deploy/systemd/kernstat.service makes it, where no systemd runs: systemd.exec(5) by hand.

What is set is read from the unit. A line of its [Service] that is not known here, or has another value than those that are,
is an error. tests/deploy/systemd_test.py has all of the unit, by systemd and in this machine's kernel.
"""
import contextlib
import ctypes
import os
import re
import resource
import stat

TOP = os.path.realpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
UNIT = os.path.join(TOP, "deploy", "systemd", "kernstat.service")
DYNAMIC_USER = 61184  # the first of systemd's
CLONE_NEWNS = 0x20000
MS_RDONLY, MS_REMOUNT, MS_BIND, MS_REC, MS_SLAVE = 1, 32, 4096, 16384, 1 << 19

# With these values Unit does what they mean.
SWITCHES = {
    "ExecStart": "/usr/bin/kernstatd $ARGS", "DynamicUser": "yes", "NoNewPrivileges": "yes", "ProtectSystem": "strict",
    "PrivateMounts": "yes", "PrivateDevices": "yes", "ProtectControlGroups": "yes", "ProtectKernelTunables": "yes",
    "ProtectKernelLogs": "yes"}
# Of any value.
VALUES = {"AmbientCapabilities", "CapabilityBoundingSet", "LimitNOFILE", "LimitMEMLOCK", "OOMScoreAdjust", "UMask",
          "MemoryHigh", "RuntimeDirectory"}
# What only the service manager itself does, and seccomp filters, which ask nothing of the kernel's version. In the lab
# /tmp holds what is under test, and there are no homes. There is no cgroup of its own, because tests of reclaim move the
# memory controller, which needs all groups to be gone: who runs the unit compares the peak with `memory_high`.
LEFT_OUT = {
    "Type", "NotifyAccess", "EnvironmentFile", "ExecReload", "WatchdogSec", "Restart", "RestartSec",
    "RestartPreventExitStatus", "TimeoutStartSec", "TimeoutStopSec", "RuntimeDirectoryPreserve", "RemoveIPC", "KeyringMode",
    "LockPersonality", "MemoryDenyWriteExecute", "RestrictAddressFamilies", "RestrictNamespaces", "RestrictRealtime",
    "RestrictSUIDSGID", "CPUWeight", "SystemCallArchitectures", "SystemCallFilter", "SystemCallErrorNumber", "ProtectKernelModules",
    "PrivateTmp", "ProtectHome"}
TUNABLES = ("/proc/sys", "/proc/sysrq-trigger", "/proc/irq", "/proc/fs")  # besides /sys
HIDDEN = ("/proc/kallsyms", "/proc/kcore", "/proc/kmsg")
DEVICES = ("null", "zero", "full", "random", "urandom", "tty")


class UnknownLine(Exception):
    """The unit says what is not done here."""


def settings_of(text):
    """{name: value} of [Service]; the values of a name that stands there again are joined, as systemd does for lists."""
    settings, section = {}, ""
    for line in text.splitlines():
        line = line.strip()
        if line.startswith("["):
            section = line
        if section != "[Service]" or not line or line[0] in "[#;":
            continue
        name, is_set, value = (part.strip() for part in line.partition("="))
        if not is_set or not value or value.endswith("\\"):
            raise UnknownLine(line)
        if name in settings and name not in ("SystemCallFilter", "AmbientCapabilities", "CapabilityBoundingSet"):
            raise UnknownLine(f"{name} stands there twice")
        settings[name] = f"{settings[name]} {value}" if name in settings else value
    for name, value in settings.items():
        if name not in VALUES | LEFT_OUT and SWITCHES.get(name) != value:
            raise UnknownLine(f"{name}={value}")
    missing = (VALUES | set(SWITCHES)) - set(settings)
    if missing:
        raise UnknownLine(f"nothing is said of {sorted(missing)}")
    return settings


def capabilities(names):
    """For setpriv(1): these and no others."""
    found = [re.fullmatch(r"CAP_([A-Z_]+)", name) for name in names.split()]
    if not all(found):
        raise UnknownLine(names)
    return ",".join(["-all", *("+" + name.group(1).lower() for name in found)])


def limit(value):
    if value == "infinity":
        return resource.RLIM_INFINITY
    if not value.isdigit():
        raise UnknownLine(value)
    return int(value)


def bytes_of(value):
    number = re.fullmatch(r"(\d+)([KMG]?)", value)
    if not number:
        raise UnknownLine(value)
    return int(number.group(1)) << {"": 0, "K": 10, "M": 20, "G": 30}[number.group(2)]


def write(path, value):
    with open(path, "w", encoding="ascii") as file:
        file.write(str(value))


def mount(source, target, flags, kind=None):
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.mount(source.encode() if source else None, target.encode(), kind and kind.encode(), flags, None) != 0:
        raise OSError(ctypes.get_errno(), f"mount {target}: {os.strerror(ctypes.get_errno())}")


def lies_in(path, *directories):
    return any(path == each or path.startswith(each.rstrip("/") + "/") for each in directories)


class Unit:
    """For subprocess.Popen: Popen([*unit.prefix, program], preexec_fn=unit.enter), as root."""

    def __init__(self, path=UNIT):
        with open(path, encoding="utf-8") as file:
            self.settings = settings_of(file.read())
        ambient, bounding = (capabilities(self.settings[name]) for name in ("AmbientCapabilities", "CapabilityBoundingSet"))
        self.prefix = ["setpriv", f"--reuid={DYNAMIC_USER}", f"--regid={DYNAMIC_USER}", "--clear-groups", "--no-new-privs",
                       f"--inh-caps={ambient}", f"--ambient-caps={ambient}", f"--bounding-set={bounding}"]
        self.limits = {kind: limit(self.settings[name]) for kind, name in
                       ((resource.RLIMIT_NOFILE, "LimitNOFILE"), (resource.RLIMIT_MEMLOCK, "LimitMEMLOCK"))}
        self.memory_high = bytes_of(self.settings["MemoryHigh"])

    def enter(self):
        """In the child, which root is still."""
        write("/proc/self/oom_score_adj", self.settings["OOMScoreAdjust"])
        for kind, value in self.limits.items():
            resource.setrlimit(kind, (value, value))
        runtime = "/run/" + self.settings["RuntimeDirectory"]
        os.makedirs(runtime, mode=0o755, exist_ok=True)
        os.chown(runtime, DYNAMIC_USER, DYNAMIC_USER)
        os.environ["RUNTIME_DIRECTORY"] = runtime
        if ctypes.CDLL(None).unshare(CLONE_NEWNS) != 0:
            raise OSError("unshare")
        mount(None, "/", MS_REC | MS_SLAVE)
        self.private_devices()
        self.protect(runtime)
        os.umask(int(self.settings["UMask"], 8))

    def private_devices(self):
        """A /dev with what every machine has; shared memory and terminals stay."""
        work = "/run/lab/dev"
        os.makedirs(work, exist_ok=True)
        numbers = {name: os.stat("/dev/" + name).st_rdev for name in DEVICES}
        mount("tmpfs", work, 0, "tmpfs")
        for name, number in numbers.items():
            os.mknod(f"{work}/{name}", 0o666 | stat.S_IFCHR, number)
            os.chmod(f"{work}/{name}", 0o666)
        for name in ("shm", "pts"):
            os.mkdir(f"{work}/{name}")
            mount("/dev/" + name, f"{work}/{name}", MS_BIND)
        mount(work, "/dev", MS_BIND | MS_REC)

    def protect(self, runtime):
        """All file systems are read-only but for /dev, what is no setting in /proc, and its own directory; nobody reads the
        kernel's log and its symbols."""
        nothing = "/run/lab/nothing"
        with contextlib.suppress(FileExistsError):
            os.mknod(nothing, stat.S_IFREG)
        os.chmod(nothing, 0)
        for path in filter(os.path.exists, HIDDEN):
            mount(nothing, path, MS_BIND)
        tunables = [path for path in TUNABLES if os.path.exists(path)]
        for path in (*tunables, runtime):
            mount(path, path, MS_BIND | MS_REC)
        with open("/proc/self/mountinfo", encoding="utf-8") as file:
            points = {line.split()[4] for line in file}
        for path in sorted(points):
            if path != runtime and (path in tunables or not lies_in(path, "/dev", "/proc")):
                mount(None, path, MS_BIND | MS_REMOUNT | MS_RDONLY)


def check_shipped_flags():
    """/etc/default/kernstat sets none."""
    path = os.path.join(TOP, "deploy", "debian", "default")
    with open(path, encoding="utf-8") as file:
        lines = [line.strip() for line in file if line.strip() and not line.startswith("#")]
    if lines != ['ARGS=""']:
        raise UnknownLine(f"{path}: {lines}")
