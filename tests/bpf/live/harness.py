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
"""
import os
import re
import subprocess
import sys
import time
import traceback

SKIP = 77
SAMPLE = re.compile(r"^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$")
LABEL = re.compile(r'([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"')


def skip(reason):
    print(f"skipped: {reason}")
    sys.exit(SKIP)


def build_dir():
    if "KERNSTAT_BUILD" in os.environ:
        return os.environ["KERNSTAT_BUILD"]
    here = os.path.dirname(os.path.abspath(__file__))
    return os.path.join(here, "..", "..", "..", "build")


def need_root():
    if os.geteuid() != 0:
        skip("needs root")


def unescape(text):
    return re.sub(r"\\(.)", lambda m: "\n" if m.group(1) == "n" else m.group(1), text)


class Scrape:
    """The samples of one exposition."""

    def __init__(self, text):
        self.text = text
        self.error = ""  # why the read failed
        self.samples = []  # (name, labels, value)
        for line in text.splitlines():
            match = SAMPLE.match(line)
            if match is None:
                assert line.startswith("#") or not line, f"no sample: {line!r}"
                if line.startswith("# error "):
                    self.error = line.removeprefix("# error ")
                continue
            labels = {k: unescape(v) for k, v in LABEL.findall(match.group(2) or "")}
            self.samples.append((match.group(1), labels, float(match.group(3))))

    def select(self, name, /, **labels):
        """All samples of this name that have these labels (and maybe more)."""
        return [
            (mine, value)
            for sample, mine, value in self.samples
            if sample == name and all(mine.get(k) == v for k, v in labels.items())
        ]

    def sum(self, name, /, **labels):
        """The sum over the series that have these labels; 0 without any."""
        return sum(value for _, value in self.select(name, **labels))

    def has(self, name, /, **labels):
        return bool(self.select(name, **labels))

    def delta(self, before, name, /, **labels):
        return self.sum(name, **labels) - before.sum(name, **labels)

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
        return self.sum("kernstat_bpf_map_full_total") + self.sum("kernstat_bpf_lost_total")


class Tool:
    """A tool in the test driver. Use with `with`. `avoid`: kinds of hooks ("tp_btf") to pass over;
    `btf`: a file to use instead of the running kernel's BTF; `options` of the driver's own; the
    rest are parameters."""

    def __init__(self, name, /, directory=None, avoid=(), btf=None, budget=None,
                 options=(), **parameters):
        build = build_dir()
        directory = directory or os.path.join(build, "bpf")
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
        self.process.stdin.close()
        self.process.wait(timeout=20)
        return False


def expect(actual, expected, what=""):
    assert actual == expected, f"{what or 'value'}: expected {expected}, got {actual}"


def at_least(actual, least, what=""):
    assert actual >= least, f"{what or 'value'}: expected at least {least}, got {actual}"


def near(actual, expected, tolerance, what=""):
    """`tolerance` as a share of `expected`."""
    assert abs(actual - expected) <= tolerance * abs(expected), (
        f"{what or 'value'}: expected {expected} within {tolerance:.1%}, got {actual}")


def run(*command, check=True, timeout=60, **options):
    """A command of the stimulus; its output is kept out of the way unless it fails."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=timeout, **options)
    if check and done.returncode != 0:
        raise AssertionError(f"{' '.join(command)}: {done.stderr or done.stdout}")
    return done


def main(name, /, *tests, **parameters):
    """Runs each test with a tool of its own; ends the process."""
    need_root()
    for test in tests:
        begin = time.monotonic()
        with Tool(name, **parameters) as tool:
            if test is tests[0]:
                print(f"load_ms {(time.monotonic() - begin) * 1000:.0f}")
                print("hooks " + " ".join(sorted({kind for kind, _ in tool.hooks()})))
            try:
                test(tool)
            except AssertionError:
                traceback.print_exc()
                print(f"FAILED {name}: {test.__name__}")
                sys.exit(1)
        print(f"ok {name}: {test.__name__}")
    sys.exit(0)
