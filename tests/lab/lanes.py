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


def tool_names():
    return sorted(os.path.basename(path)[:-5] for path in glob.glob(TOOLS + "/*.yaml"))


def write_config(path, tools, once=False):
    """Everything on that `tools` names. Emulation makes everything dear: nothing is shed."""
    with open(path, "w", encoding="utf-8") as file:
        file.write("bpf:\n  budget: 1\n  tools:\n")
        for tool in tool_names():
            options = ["enabled: " + ("true" if tool in tools else "false")]
            if not once:
                # The two walk over all sockets.
                options.append("interval: " + ("1s" if tool in ("tcpsockets", "tcpsynbl") else "500ms"))
            if tool in ("nettx", "qdisclat"):
                options.append("one_in: 1")
            file.write(f"    {tool}: {{{', '.join(options)}}}\n")
        file.write("collectors:\n  vmstat: {interval: 250ms, fields: '^(oom_kill|balloon_.*)'}\n")
    os.chmod(path, 0o644)


def get(path):
    with urllib.request.urlopen(f"http://{ADDRESS}{path}", timeout=60) as answer:
        return answer.read().decode()


class Daemon:
    """kernstatd with these tools, which the tests in this process's children find by the environment."""

    def __init__(self, tools, *arguments, prefix=()):
        os.makedirs(OUTPUT, exist_ok=True)
        self.log_path = f"{OUTPUT}/kernstatd.log"
        write_config("/tmp/tools.yaml", tools)
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen(
                [*prefix, DAEMON, "--config.file=/tmp/tools.yaml", f"--web.listen-address={ADDRESS}",
                 *arguments], stdout=log, stderr=subprocess.STDOUT)

    def __enter__(self):
        end = time.monotonic() + STARTING
        # Tests beside the loading of so many programs would only wait for it.
        while " is ready" not in (log := self.log()) or 'state="starting"' in get("/metrics"):
            if self.process.poll() is not None:
                raise RuntimeError(f"kernstatd ended with {self.process.returncode}: {log[-600:]}")
            if time.monotonic() > end:
                raise RuntimeError(f"kernstatd did not get ready within {STARTING} s: {log[-600:]}")
            time.sleep(0.3)
        os.environ.update(KERNSTAT_DAEMON=ADDRESS, KERNSTAT_INSIDE="1", KERNSTAT_LAB="1")
        return self

    def log(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as file:
            return file.read()

    def __exit__(self, *_):
        del os.environ["KERNSTAT_DAEMON"]
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
        for _ in range(2):
            if found[tool]["state"] == "failed":
                found[tool] = run_test(tool)
                say(tool, found[tool])
    return found
