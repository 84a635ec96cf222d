#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# ctest: timeout=180
"""Debian's node_exporter beside kernstatd on this host: the same families, types, labels and values.

Every family that node_exporter serves for the collectors that both have must be served by kernstatd
with the same type and the same label sets, but for what DIFFERENT and VALUES_DIFFER list with the
reason. A counter of kernstatd lies between two reads of node_exporter around it; a gauge lies within
a few per cent of the range that those two reads span. Since the host does other things meanwhile, a
series has several rounds to agree in; one that is wrong agrees in none.
"""
import contextlib
import http.client
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "daemon"))
import harness  # noqa: E402

# node_exporter's name of a collector, ours where it is another.
COLLECTORS = {
    name: name
    for name in (
        "arp buddyinfo conntrack cpu cpufreq diskstats entropy filefd filesystem hwmon interrupts loadavg meminfo"
        " netclass netdev netstat os pressure processes schedstat sockstat softnet stat textfile thermal_zone time"
        " timex udp_queues uname vmstat zoneinfo"
    ).split()
}

# The defaults of node_exporter's HEAD, where Debian's build or its version has others.
WITNESS_FLAGS = [
    "--collector.stat.softirq",
    "--collector.cpu.info",
    "--collector.netdev.device-exclude=^$",
    "--collector.netclass.ignored-devices=^$",
    "--collector.diskstats.device-exclude=^(z?ram|loop|fd|(h|s|v|xv)d[a-z]|nvme\\d+n\\d+p)\\d+$",
    "--collector.filesystem.mount-points-exclude="
    "^/(dev|proc|run/credentials/.+|sys|var/lib/docker/.+|var/lib/containers/storage/.+)($|/)",
    "--collector.filesystem.fs-types-exclude="
    "^(autofs|binfmt_misc|bpf|cgroup2?|configfs|debugfs|devpts|devtmpfs|fusectl|hugetlbfs|iso9660|mqueue|nsfs|overlay"
    "|proc|procfs|pstore|rpc_pipefs|securityfs|selinuxfs|squashfs|erofs|sysfs|tracefs)$",
]

# Families that differ by design: regular expression, reason.
DIFFERENT = [
    (r"node_scrape_collector_.*", "one sample for each collector of the program itself"),
    (r"node_exporter_build_info", "of the program itself"),
]

# Labels that HEAD has and Debian's version has not: they are left out before label sets are compared.
NEW_LABELS = [
    (r"node_filesystem_.*", "device_error", "HEAD says why a mount could not be asked"),
    (r"node_disk_info", "rotational", "HEAD says whether the disk rotates"),
    (r"node_network_info", "adminstate", "HEAD says whether the interface is meant to be up"),
]

# Samples of node_exporter that say "unknown" by a number, a negative one: family, reason.
# We leave them out.
UNKNOWN_NEGATIVE = [
    (r"node_network_speed_bytes", "the kernel's -1 for an interface without a speed, as bytes"),
]

# Label sets that we have beyond node_exporter's: regular expression of the family, reason.
MORE_LABEL_SETS = [
    (r"node_processes_(threads_)?state", "every state is always there, as 0 if need be"),
]

# Values that cannot agree, or not closely: family, allowed relative difference (None: any), reason.
VALUES_DIFFER = [
    (r"node_procs_(running|blocked)|node_load1", None, "the moment counts, and both readers are part of it"),
    (r"node_processes_.*state", None, "the moment counts, and both readers are part of it"),
    (r"node_timex_(offset_seconds|maxerror_seconds|estimated_error_seconds)", None, "moves all the time"),
    (r"node_sockstat_.*|node_filefd_allocated", 0.5, "each scrape is a socket"),
    (r"node_netstat_Tcp_CurrEstab", None, "each scrape is a connection"),
    (r"node_netstat_.*", 0.1, "untyped: most are counters that grow with each scrape"),
    (r"node_buddyinfo_blocks", None, "small blocks split and join all the time"),
    (r"node_zoneinfo_.*", 0.5, "free and dirty pages move all the time"),
    (r"node_memory_.*", 0.2, "a build beside the test moves hundreds of megabytes"),
    (r"node_udp_queues", None, "the moment counts"),
]

ROUNDS = 6


def scrape(port):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    with contextlib.closing(connection):
        connection.request("GET", "/metrics")
        response = connection.getresponse()
        body = response.read().decode()
    assert response.status == 200, (response.status, body[:500])
    return families(body)


def families(text):
    """Family to (type, {labels: value}); labels as a sorted tuple of pairs."""
    out = {}
    name = None
    for line in text.splitlines():
        if line.startswith("# TYPE "):
            _, _, name, kind = line.split(" ")
            out[name] = (kind, {})
        elif line and not line.startswith("#"):
            match = re.fullmatch(r"([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)", line)
            assert match, line
            if match.group(1) == name:  # the parts of histograms are not compared here
                pairs = re.findall(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"', match.group(2) or "")
                out[name][1][tuple(sorted(pairs))] = float(match.group(3))
    return out


def matching(table, name):
    return next((row for row in table if re.fullmatch(row[0], name)), None)


def without(labels, name):
    """Labels as both have them: new ones dropped, empty ones being the same as none."""
    dropped = {label for pattern, label, _ in NEW_LABELS if re.fullmatch(pattern, name)}
    return tuple(pair for pair in labels if pair[0] not in dropped and pair[1] != "")


class Witness:
    """Debian's node_exporter with the collectors that we have, too."""

    def __init__(self, collectors, textfiles):
        self.port = harness.free_port()
        command = ["prometheus-node-exporter", "--collector.disable-defaults",
                   f"--web.listen-address=127.0.0.1:{self.port}", f"--collector.textfile.directory={textfiles}"]
        command += [f"--collector.{name}" for name in collectors] + WITNESS_FLAGS
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.PIPE, text=True)

    def __enter__(self):
        for _ in range(200):
            if self.process.poll() is not None:
                raise AssertionError(self.process.stderr.read())
            with contextlib.suppress(OSError):
                scrape(self.port)
                return self
            time.sleep(0.05)
        raise AssertionError("node_exporter does not answer")

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(timeout=30)
        self.process.stderr.close()


def known_collectors():
    listed = harness.run("--list", "--bpf=off").stdout
    return {line.split()[0] for line in listed.splitlines() if re.match(r"  [a-z]", line)}


def configuration(names, textfiles):
    """Everything that is compared is on and read each second, so that its sample is of this moment."""
    lines = ["collectors:"]
    for name in sorted(names):
        options = {"enabled": "true", "interval": "1s"}
        if name == "stat":
            options["softirq"] = "true"
        if name == "cpu":
            options["info"] = "true"
        if name == "textfile":
            options["directories"] = f"['{textfiles}']"
        lines.append(f"  {name}: {{{', '.join(f'{key}: {value}' for key, value in options.items())}}}")
    return "\n".join(lines) + "\n"


def agrees(kind, name, before, ours, after):
    low, high = min(before, after), max(before, after)
    if kind == "counter":
        # Idle and iowait time are estimated by the kernel and may step back a little.
        slack = 0.1 if name.startswith("node_cpu_") else 1e-6 * abs(high)
        return low - slack <= ours <= high + slack
    row = matching(VALUES_DIFFER, name)
    if row and row[1] is None:
        return True
    slack = (row[1] if row else 0.02) * max(abs(low), abs(high)) + 1e-9
    return low - slack <= ours <= high + slack


class Comparison:
    def __init__(self):
        self.problems = set()
        self.disagreed = {}  # series: what it was in the last round
        self.agreed = set()

    def round(self, before, ours, after):
        for name, (kind, samples) in after.items():
            if not name.startswith("node_") or matching(DIFFERENT, name) or name not in before:
                continue
            if matching(UNKNOWN_NEGATIVE, name):
                samples = {labels: value for labels, value in samples.items() if value >= 0}
                if not samples:
                    continue
            if name not in ours:
                self.problems.add(f"{name} is missing ({kind}, {len(samples)} samples)")
                continue
            if ours[name][0] != kind:
                self.problems.add(f"{name} is {ours[name][0]}, there {kind}")
            self.samples(name, kind, before[name][1], ours[name][1], samples)

    def samples(self, name, kind, before, ours, after):
        mine = {without(labels, name): value for labels, value in ours.items()}
        first = {without(labels, name): value for labels, value in before.items()}
        last = {without(labels, name): value for labels, value in after.items()}
        stable = set(first) & set(last)  # a process or device may come or go between the reads
        for labels in stable:
            series = (name, labels)
            if labels not in mine:
                self.disagreed[series] = "missing"
            elif agrees(kind, name, first[labels], mine[labels], last[labels]):
                self.agreed.add(series)
            else:
                self.disagreed[series] = f"{mine[labels]!r} not within {first[labels]!r} and {last[labels]!r}"
        if not matching(MORE_LABEL_SETS, name):
            for labels in set(mine) - set(first) - set(last):
                self.disagreed[(name, labels)] = "not known to node_exporter"
            for labels in set(mine) & stable:
                if self.disagreed.get((name, labels)) == "not known to node_exporter":
                    del self.disagreed[(name, labels)]

    def report(self):
        wrong = {series: why for series, why in self.disagreed.items() if series not in self.agreed}
        for problem in sorted(self.problems):
            print(problem)
        for (name, labels), why in sorted(wrong.items()):
            print(f"{name}{{{', '.join(f'{key}={value}' for key, value in labels)}}}: {why}")
        print(f"{len(self.agreed)} series agree, {len(wrong)} do not, {len(self.problems)} families differ")
        return bool(wrong or self.problems or not self.agreed)


def compare(names, textfiles):
    comparison = Comparison()
    with Witness(names, textfiles) as witness, harness.Daemon(
            config=configuration([COLLECTORS[name] for name in names], textfiles)) as daemon:
        time.sleep(2)  # every collector has been read twice
        for _ in range(ROUNDS):
            before = scrape(witness.port)
            time.sleep(2.2)  # each of our samples is younger than this
            ours = scrape(daemon.port)
            comparison.round(before, ours, scrape(witness.port))
    return comparison


def main():
    if not shutil.which("prometheus-node-exporter"):
        print("skipped: prometheus-node-exporter is not installed")
        return 77
    known = known_collectors()
    names = [name for name, ours in COLLECTORS.items() if ours in known]
    absent = sorted(set(COLLECTORS) - set(names))
    if absent:
        print(f"not in this build: {' '.join(absent)}")
    with tempfile.TemporaryDirectory() as textfiles:
        (pathlib.Path(textfiles) / "example.prom").write_text(
            "# HELP node_example_total An example.\n# TYPE node_example_total counter\nnode_example_total{a=\"b\"} 3\n")
        return int(compare(names, textfiles).report()) or int(bool(absent))


if __name__ == "__main__":
    os.environ.setdefault("KERNSTAT_BUILD", "build/dev")
    sys.exit(main())
