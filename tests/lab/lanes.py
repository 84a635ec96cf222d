# SPDX-License-Identifier: Apache-2.0
"""Runs live tests (tests/bpf/live) against one kernstatd, in a guest.

Each test is forked from this process, which has loaded Python and its modules already: under emulation that is half
of a test. Tests of the network and tests of the rest do not see each other's events, so they run side by side; those
that say "# lab: alone" run after them.
"""
import glob
import importlib
import json
import os
import re
import runpy
import signal
import subprocess
import sys
import time
import traceback
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
LIVE = os.path.realpath(os.path.join(HERE, "..", "bpf", "live"))
BUILD = os.environ["KERNSTAT_BUILD"]
DAEMON = os.path.join(BUILD, "kernstatd")
TOOLS = os.path.join(BUILD, "bpf")
ADDRESS = "127.0.0.1:10777"
LIMIT = 150  # seconds for one test
STARTING = 300  # seconds until all tools are loaded
OUTPUT = "/tmp/lab"
CONFIG = "/run/lab/kernstatd.yaml"
SHIPPED_CONFIG = os.path.realpath(os.path.join(HERE, "..", "..", "config", "kernstatd.yaml"))


def tool_names():
    return sorted(os.path.basename(path)[:-5] for path in glob.glob(TOOLS + "/*.yaml"))


def default_tools():
    """Those that run unless the configuration says otherwise."""
    found = []
    for tool in tool_names():
        with open(f"{TOOLS}/{tool}.yaml", encoding="utf-8") as file:
            if re.search(r"^enabled: true$", file.read(), re.M):
                found.append(tool)
    return found


def options_of(tool, tools, once):
    """What is said of a tool: whether it runs, where that is not its default, and what the tests need."""
    options = []
    if (tool in tools) != (tool in default_tools()):
        options.append("enabled: " + ("true" if tool in tools else "false"))
    if not once and tool in tools:
        # The two walk over all sockets.
        options.append("interval: " + ("1s" if tool in ("tcpsockets", "tcpsynbl") else "500ms"))
    if tool in ("nettx", "qdisclat") and tool in tools:
        options.append("one_in: 1")
    return options


def write_config(path, tools, once=False):
    """The shipped file, but that `tools` run and no others, are read more often, and emulation, which makes everything dear,
    makes none be shed."""
    with open(SHIPPED_CONFIG, encoding="utf-8") as file:
        text = file.read()
    lines = [f"    {tool}: {{{', '.join(options)}}}" for tool in tool_names() if (options := options_of(tool, tools, once))]
    changes = {"  budget: 0.01\n": "  budget: 1\n",
               "  tools: {}\n": "\n".join(["  tools:", *lines]) + "\n" if lines else "  tools: {}\n",
               "    fields: '^(oom_kill|pgpg|pswp|pg.*fault).*'\n": "    fields: '^(oom_kill|balloon_|pgpg|pswp|pg.*fault).*'\n"}
    for old, new in changes.items():
        if text.count(old) != 1:
            raise RuntimeError(f"{SHIPPED_CONFIG} does not say once: {old}")
        text = text.replace(old, new)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    os.chmod(path, 0o644)


def get(path):
    with urllib.request.urlopen(f"http://{ADDRESS}{path}", timeout=60) as answer:
        return answer.read().decode()


class Daemon:
    """kernstatd with these tools, which the tests in this process's children find by the environment; with a `unit`
    (shipped_unit.Unit) as it makes it, as root otherwise."""

    def __init__(self, tools, *arguments, unit=None):
        os.makedirs(OUTPUT, exist_ok=True)
        self.log_path = f"{OUTPUT}/kernstatd.log"
        self.config, self.unit = CONFIG, unit
        write_config(self.config, tools)
        command = [DAEMON, f"--config.file={self.config}", f"--web.listen-address={ADDRESS}", *arguments]
        how = {"args": [*unit.prefix, *command], "preexec_fn": unit.enter} if unit else {"args": command}
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen(stdout=log, stderr=subprocess.STDOUT, **how)

    def __enter__(self):
        self.await_states()
        os.environ.update(KERNSTAT_DAEMON=ADDRESS, KERNSTAT_INSIDE="1", KERNSTAT_LAB="1")
        if self.unit:
            os.environ["KERNSTAT_SHIPPED"] = "1"
        return self

    def await_states(self):
        """Tests beside the loading of so many programs would only wait for it."""
        end = time.monotonic() + STARTING
        while " is ready" not in (log := self.log()) or 'state="starting"' in get("/metrics"):
            if self.process.poll() is not None:
                raise RuntimeError(f"kernstatd ended with {self.process.returncode}: {log[-600:]}")
            if time.monotonic() > end:
                raise RuntimeError(f"kernstatd did not get ready within {STARTING} s: {log[-600:]}")
            time.sleep(0.3)

    def reload(self, tools):
        """These tools run from now on."""
        stamp = re.compile(r"^kernstat_config_last_reload_success_timestamp_seconds (\S+)$", re.M)
        before = stamp.search(get("/metrics")).group(1)
        write_config(self.config, tools)
        self.process.send_signal(signal.SIGHUP)
        end = time.monotonic() + STARTING
        while stamp.search(get("/metrics")).group(1) == before:
            if self.process.poll() is not None or time.monotonic() > end:
                raise RuntimeError("kernstatd did not reload: " + self.log()[-600:])
            time.sleep(0.1)
        self.await_states()

    def peak_bytes(self):
        """Most memory that it had so far."""
        with open(f"/proc/{self.process.pid}/status", encoding="utf-8") as file:
            return int(re.search(r"VmHWM:\s*(\d+) kB", file.read()).group(1)) << 10

    def verdicts(self, tools):
        """{tool: what the daemon says of it}."""
        from harness import Scrape
        from harness_daemon import STATE, row_of

        states = {labels["collector"]: labels["state"] for labels, _ in Scrape(get("/metrics")).select(STATE)}
        page = get("/")
        return {tool: {"state": states.get(tool, "missing"), "reason": row_of(page, tool), "hooks": [], "events": [],
                       "notes": [], "seconds": 0} for tool in tools}

    def log(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as file:
            return file.read()

    def __exit__(self, *_):
        del os.environ["KERNSTAT_DAEMON"]
        os.environ.pop("KERNSTAT_SHIPPED", None)
        alive = self.process.poll() is None
        self.process.terminate()
        self.process.wait(timeout=60)
        if not alive:
            raise RuntimeError(f"kernstatd ended with {self.process.returncode}: {self.log()[-600:]}")


def prepare():
    sys.path.insert(0, LIVE)
    for module in ("harness", "common", "common_net"):
        importlib.import_module(module)


def script_of(tool):
    return os.path.join(LIVE, tool + ".py")


def says(tool, what):
    """Whether a tool's test says so."""
    if not os.path.exists(script_of(tool)):
        return False
    with open(script_of(tool), encoding="utf-8") as file:
        return what in file.read()


def in_child(script):
    """Never returns."""
    code = 1
    try:
        sys.argv = [script]
        runpy.run_path(script, run_name="__main__")
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    except BaseException:
        traceback.print_exc()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def wait_for(pid, seconds):
    end = time.monotonic() + seconds
    while True:
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        if time.monotonic() > end:
            os.killpg(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            return None
        time.sleep(0.03)


def verdict(output, code, seconds):
    """What a test's output and exit status say of its tool."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    state = {0: "ok", 77: "unsupported"}.get(code, "failed")
    reason = ""
    if state != "ok":
        telling = [l for l in lines if re.search(r"skipped|Error|expected|FAILED", l)] or lines[-1:]
        reason = " / ".join(telling[-3:]) if code is not None else f"no end within {LIMIT} s: {lines[-1:]}"
    words = {line.split(" ", 1)[0]: line.split(" ")[1:] for line in lines if re.match(r"(hooks|load_ms|events) ", line)}
    return {"state": state, "reason": reason[:400], "hooks": words.get("hooks", []),
            "load_ms": int(words["load_ms"][0]) if "load_ms" in words else None,
            "events": [int(word) for word in words.get("events", [])],
            "notes": [line for line in lines if "not tried" in line], "seconds": round(seconds, 1)}


def run_test(tool):
    script = script_of(tool)
    if not os.path.exists(script):
        return {"state": "failed", "reason": "no live test", "hooks": [], "events": [], "notes": [], "seconds": 0}
    begin = time.monotonic()
    path = f"{OUTPUT}/{tool}"
    with open(path, "wb") as output:
        pid = os.fork()
        if pid == 0:
            os.setsid()
            os.dup2(output.fileno(), 1)
            os.dup2(output.fileno(), 2)
            in_child(script)
    code = wait_for(pid, LIMIT)
    with open(path, encoding="utf-8", errors="replace") as file:
        return verdict(file.read(), code, time.monotonic() - begin)


def say(tool, each):
    print(f"  {tool:16}{each['state']:13}{each['seconds']:5} s  {each['reason'][:300]}", flush=True)


def run_lane(tools, name):
    """In a child: tests one after the other; its findings come through a file."""
    pid = os.fork()
    if pid:
        return pid, f"{OUTPUT}/lane.{name}"
    code = 1
    try:
        found = {}
        for tool in tools:
            found[tool] = run_test(tool)
            say(tool, found[tool])
        with open(f"{OUTPUT}/lane.{name}", "w", encoding="utf-8") as file:
            json.dump(found, file)
        code = 0
    finally:
        os._exit(code)


def run_tests(tools):
    """{tool: verdict()} of the tests of these tools."""
    scripts = [tool for tool in tools if os.path.exists(script_of(tool))]
    alone = [tool for tool in scripts if says(tool, "# lab: alone")]
    network = [tool for tool in scripts if says(tool, "common_net") and tool not in alone]
    rest = [tool for tool in tools if tool not in alone and tool not in network]
    found = {}
    for group in ((network, rest), (alone,)):
        lanes = [run_lane(lane, str(number)) for number, lane in enumerate(group) if lane]
        for pid, path in lanes:
            if os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) != 0:
                raise RuntimeError("a lane of tests broke off")
            with open(path, encoding="utf-8") as file:
                found.update(json.load(file))
    # A guest beside others may be late, and tests disturb each other: what is really wrong is wrong alone, too.
    for tool in sorted(found):
        for tries in (2, 3):
            # One that hangs would take all the time there is.
            hangs_again = tries == 3 and found[tool]["reason"].startswith("no end")
            if found[tool]["state"] == "failed" and not hangs_again:
                why = found[tool]["reason"]
                found[tool] = {**run_test(tool), "tries": tries, "before": why}
                say(tool, found[tool])
    return found
