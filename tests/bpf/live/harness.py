# SPDX-License-Identifier: Apache-2.0
"""Live tests of BPF tools: load one tool, make its event, see exactly that event counted.

    from harness import Tool, expect, main

    def test(tool):                      # a Tool that is loaded and attached
        before = tool.scrape()
        ...make the event...
        after = tool.scrape()
        expect(after.delta(before, "kernstat_x_total", operation="write"), 1)

    main("x", test)                      # tests/bpf/live/x.py of bpf/x.yaml

A tool that this host cannot run (no privilege, no such hook) makes the test exit 77 with the
reason. Scrapes that count what else happens on the host compare with `at_least`.

Each test has a tool of its own, in a small driver. With KERNSTAT_DAEMON=host:port in the environment
they use the tool of a kernstatd that runs there, unless they are marked with @own_tool.
"""
import os
import re
import subprocess
import sys
import time
import traceback

from harness_daemon import DaemonTool, Unavailable

SKIP = 77
NAME = re.compile(r"[a-zA-Z_:][\w:]*")
SAMPLE = re.compile(r"^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$")
LABEL = re.compile(r'([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"')


def skip(reason):
    print(f"skipped: {reason}")
    sys.exit(SKIP)


def build_dir():
    if "KERNSTAT_BUILD" in os.environ:
        return os.environ["KERNSTAT_BUILD"]
    here = os.path.dirname(os.path.abspath(__file__))
    return os.path.join(here, "..", "..", "..", "build", "dev")


def need_root():
    if os.geteuid() != 0:
        skip("needs root")


def unescape(text):
    if "\\" not in text:
        return text
    return re.sub(r"\\(.)", lambda m: "\n" if m.group(1) == "n" else m.group(1), text)


class Count(float):
    """How many events a tool counted. What the checks found is added up in `checked`."""

    checked = [0, 0]  # expected, counted

    def agrees(self, expected):
        Count.checked[0] += expected
        Count.checked[1] += self


def is_count(name):
    return name.endswith(("_count", "_total")) and "bytes" not in name and "seconds_total" not in name


class Scrape:
    """The samples of one exposition. `time` is when they were read, as Unix time. Labels are only parsed of families
    that are asked for: in an emulated machine that is most of the work."""

    def __init__(self, text):
        self.text = text
        self.error = ""  # why the read failed
        self.time = time.time()
        self._lines = {}  # name -> lines
        self._samples = {}  # name -> [(labels, value)]
        for line in text.splitlines():
            name = NAME.match(line)
            if name is not None:
                self._lines.setdefault(name.group(), []).append(line)
                continue
            assert line.startswith("#") or not line, f"no sample: {line!r}"
            if line.startswith("# error "):
                self.error = line.removeprefix("# error ")

    def _parsed(self, name):
        if name not in self._samples:
            samples = self._samples[name] = []
            for line in self._lines.get(name, ()):
                match = SAMPLE.match(line)
                assert match is not None, f"no sample: {line!r}"
                labels = {k: unescape(v) for k, v in LABEL.findall(match.group(2) or "")}
                samples.append((labels, float(match.group(3))))
        return self._samples[name]

    def select(self, name, /, **labels):
        """All samples of this name that have these labels (and maybe more)."""
        return [(mine, value) for mine, value in self._parsed(name)
                if all(mine.get(k) == v for k, v in labels.items())]

    def sum(self, name, /, **labels):
        """The sum over the series that have these labels; 0 without any."""
        result = sum(value for _, value in self.select(name, **labels))
        return Count(result) if is_count(name) else result

    def has(self, name, /, **labels):
        return bool(self.select(name, **labels))

    def delta(self, before, name, /, **labels):
        result = self.sum(name, **labels) - before.sum(name, **labels)
        return Count(result) if is_count(name) else result

    def histogram(self, name, /, **labels):
        """Upper bound -> observations in that bucket alone, added over the series."""
        bounds = {}
        for mine, value in self.select(name + "_bucket", **labels):
            bound = float(mine["le"])
            bounds[bound] = bounds.get(bound, 0) + value
        result, before = {}, 0
        for bound in sorted(bounds):
            result[bound] = bounds[bound] - before
            before = bounds[bound]
        return result

    def lost(self):
        """Events that the tool saw and could not count."""
        return float(self.sum("kernstat_bpf_map_full_total") + self.sum("kernstat_bpf_lost_total"))


class Tool:
    """A tool in the test driver. Use with `with`. `avoid`: kinds of hooks ("tp_btf") to pass over;
    `btf`: a file to use instead of the running kernel's BTF; `options` of the driver's own; the
    rest are parameters."""

    def __init__(self, name, /, directory=None, avoid=(), btf=None, budget=None,
                 options=(), **parameters):
        build = build_dir()
        directory = directory or os.path.join(build, "bpf")
        btf = btf or os.environ.get("KERNSTAT_BTF")
        arguments = [f"{key}={int(value)}" for key, value in parameters.items()]
        # KERNSTAT_AVOID=tp_btf runs any of these tests with the raw_tp twins.
        avoid = [*avoid, *os.environ.get("KERNSTAT_AVOID", "").split()]
        arguments += [f"--avoid={kind}" for kind in avoid]
        arguments += [f"--btf={btf}"] if btf else []
        arguments += [f"--budget={budget}"] if budget else []
        arguments += options
        self.process = subprocess.Popen(
            [os.path.join(build, "tests/bpf/bpf_tool_driver"),
             os.path.join(directory, name + ".yaml"), *arguments],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        first = self.process.stdout.readline().strip()
        if first == "ready":
            return
        code = self.process.wait(timeout=10)
        if code in (3, 4):
            skip(f"{name}: {first.removeprefix('error ')}")
        raise AssertionError(f"{name} did not load (exit {code}): {first}")

    @property
    def pid(self):
        return self.process.pid

    def scrape(self):
        """Reads the tool's maps now."""
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        lines = []
        for line in self.process.stdout:
            if line == "# end\n":
                return Scrape("".join(lines))
            lines.append(line)
        raise AssertionError("the driver ended: " + "".join(lines[-3:]))

    def hooks(self):
        """Kind and target of every hook in use."""
        return {(labels["kind"], labels["target"])
                for labels, _ in self.scrape().select("kernstat_bpf_hook_info")}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if "KERNSTAT_RAN" in os.environ and self.process.poll() is None:
            self.tell_what_ran(os.environ["KERNSTAT_RAN"])
        self.process.stdin.close()
        self.process.wait(timeout=20)

    def tell_what_ran(self, path):
        """The programs of a tool that no daemon serves, for tests/lab."""
        with open(path, "a", encoding="utf-8") as file:
            for labels, runs in self.scrape().select("kernstat_bpf_program_runs_total"):
                if runs > 0:
                    print(f"{labels['tool']}/{labels['program']}", file=file)
        return False


def note(actual, expected):
    if isinstance(actual, Count):
        actual.agrees(expected)


def expect(actual, expected, what=""):
    assert actual == expected, f"{what or 'value'}: expected {expected}, got {actual}"
    note(actual, expected)


def at_least(actual, least, what=""):
    assert actual >= least, f"{what or 'value'}: expected at least {least}, got {actual}"
    note(actual, least)


def near(actual, expected, tolerance, what=""):
    """`tolerance` as a share of `expected`."""
    assert abs(actual - expected) <= tolerance * abs(expected), (
        f"{what or 'value'}: expected {expected} within {tolerance:.1%}, got {actual}")
    note(actual, expected)


def run(*command, check=True, timeout=60, **options):
    """A command of the stimulus; its output is kept out of the way unless it fails."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=timeout, **options)
    if check and done.returncode != 0:
        raise AssertionError(f"{' '.join(command)}: {done.stderr or done.stdout}")
    return done


def own_tool(test):
    """A test that needs a tool which nobody else used before, or with parameters of its own."""
    test.own_tool = True
    return test


def in_lab():
    """Whether this is a guest of tests/lab, where nobody minds what happens to the machine."""
    return "KERNSTAT_LAB" in os.environ


def as_shipped():
    """Whether the kernstatd that is tested has no more privileges than the shipped unit gives it."""
    return "KERNSTAT_SHIPPED" in os.environ


def other_collector(name):
    """Another collector of the kernstatd that is tested, as a tool; only where one runs."""
    return DaemonTool(os.environ["KERNSTAT_DAEMON"], name, Scrape)


def slack():
    """By how much longer than here something may take in an emulated machine, beside another one."""
    return 20 if in_lab() else 1


def open_tool(name, test, parameters):
    daemon = os.environ.get("KERNSTAT_DAEMON")
    if not daemon or hasattr(test, "own_tool"):
        return Tool(name, **parameters)
    try:
        return DaemonTool(daemon, name, Scrape)
    except Unavailable as error:
        if error.state in ("unsupported", "denied"):
            skip(error.reason)
        raise AssertionError(str(error)) from error


def main(name, /, *tests, **parameters):
    """Runs each test with a tool of its own; ends the process."""
    need_root()
    for test in tests:
        with open_tool(name, test, parameters) as tool:
            if test is tests[0]:
                scrape = tool.scrape()
                print(f"load_ms {scrape.sum('kernstat_bpf_tool_load_seconds') * 1000:.0f}")
                print("hooks " + " ".join(f"{kind}:{target}" for kind, target in sorted(tool.hooks())))
            try:
                test(tool)
            except AssertionError:
                traceback.print_exc()
                print(f"FAILED {name}: {test.__name__}")
                sys.exit(1)
        print(f"ok {name}: {test.__name__}")
    print(f"events {Count.checked[0]:.0f} {Count.checked[1]:.0f}")
    sys.exit(0)
