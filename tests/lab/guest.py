#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What the lab does inside a kernel: writes its findings as JSON to $SCRATCH/result.json.

    guest.py shipped             the live tests of all tools, as shipped; the balloon
    guest.py others [TOOL...]    those that say "# lab: as root too", as root; the tests of these tools with the types of a
                                 file, by other hooks; hostile configurations
    guest.py tools TOOL...       the live tests of these tools, as shipped and as root

"programs" lists what ran at all. Findings: "shipped", "root" and "other hooks" are {tool: lanes.verdict()}; "hostile" is
{configuration: {"state": {tool: state}, "proc": collectors that are ok, "exit": status, "log": text}}.
"""
import ctypes
import json
import os
import struct
import subprocess
import sys
import time

from lanes import ADDRESS, DAEMON, Daemon, default_tools, get, prepare, run_tests, says, tool_names, write_config
from shipped_unit import Unit, check_shipped_flags, write

SCRATCH = os.environ["SCRATCH"]
NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
UNPRIVILEGED = [*NOBODY, "--inh-caps=-all", "--ambient-caps=-all", "--bounding-set=-all"]
BTF = "/sys/kernel/btf/vmlinux"
BTF_COPY = "/tmp/vmlinux.btf"
RAN = "/tmp/programs-of-own-tools"
BALLOON_MIB = 32


def once(prefix, *arguments, **options):
    """kernstatd --once with every tool on: the state of each tool and collector."""
    names = tool_names()
    write_config("/tmp/all-tools.yaml", names, once=True)
    done = subprocess.run(
        [*prefix, DAEMON, "--once", "--config.file=/tmp/all-tools.yaml", *arguments],
        capture_output=True, text=True, timeout=200, check=False, **options)
    states, reasons, collectors = {}, {}, 0
    for line in done.stderr.splitlines():
        fields = line.split(None, 4)
        if len(fields) < 4 or fields[1] not in ("ok", "unsupported", "denied", "failed"):
            continue
        if fields[0] in names:
            states[fields[0]] = fields[1]
            reasons[fields[0]] = fields[4] if len(fields) > 4 else ""
        else:
            collectors += fields[1] == "ok"
    tail = "\n".join(line for line in done.stderr.splitlines() if line.startswith("time="))[-2000:]
    return {"state": states, "reason": reasons, "proc": collectors, "exit": done.returncode, "log": tail}


def debian_defaults():
    for name, value in (("kernel/perf_event_paranoid", 3), ("kernel/unprivileged_bpf_disabled", 2)):
        write("/proc/sys/" + name, value)


def shipped(tools, whole):
    """As the unit makes it. First with the tools that are on by default: each must count its test's events. Then all run, by
    a reload, and the others must count theirs, but for those that are denied so little."""
    check_shipped_flags()
    first = [tool for tool in tools if tool in default_tools()]
    others = [tool for tool in tools if tool not in first]
    begin = time.monotonic()
    unit = Unit()
    with Daemon(first, unit=unit) as daemon:
        print(f"  ready: {time.monotonic() - begin:.1f} s", flush=True)
        found = run_tests(first)
        if others:
            said("others", daemon.reload, tools)
            states = daemon.verdicts(others)
            found.update(states)
            found.update(run_tests([tool for tool in others if states[tool]["state"] == "ok"]))
        used = next(line.split()[1] for line in get("/metrics").splitlines() if line.startswith("process_cpu_seconds_total "))
        peak = daemon.peak_bytes()
        print(f"  kernstatd: {used} s of CPU time, at most {peak >> 20} MiB", flush=True)
        if peak > unit.memory_high:
            raise RuntimeError(f"more than MemoryHigh={unit.memory_high}")
        result = {"shipped": found, "programs": programs_that_ran()}
        return {**result, "balloon": said("balloon", balloon)} if whole else result


def as_root(tools):
    with Daemon(tools):
        return {"root": run_tests(tools), "programs": programs_that_ran()}


def forbid_bpf():
    """In the child: a seccomp filter that answers bpf(2) with EPERM (seccomp(2))."""
    libc = ctypes.CDLL(None, use_errno=True)
    code = [(0x20, 0, 0, 0), (0x15, 0, 1, 321), (0x06, 0, 0, 0x00050001), (0x06, 0, 0, 0x7FFF0000)]
    program = b"".join(struct.pack("HBBI", *instruction) for instruction in code)
    buffer = ctypes.create_string_buffer(program)

    class Filter(ctypes.Structure):
        _fields_ = [("length", ctypes.c_ushort), ("filter", ctypes.c_void_p)]

    fprog = Filter(len(code), ctypes.addressof(buffer))
    libc.prctl(38, 1, 0, 0, 0)
    if libc.prctl(22, 2, ctypes.byref(fprog), 0, 0) != 0:
        os._exit(99)


def hide_btf():
    """The kernel's own BTF is not there any more; a copy is."""
    with open(BTF, "rb") as source, open(BTF_COPY, "wb") as target:
        target.write(source.read())
    os.chmod(BTF_COPY, 0o644)
    open("/tmp/empty", "wb").close()
    subprocess.run(["mount", "--bind", "/tmp/empty", BTF], check=True)


def programs_that_ran():
    """["tool/program"] of the daemon's programs that ran at least once."""
    from harness import Scrape

    return sorted(f"{labels['tool']}/{labels['program']}"
                  for labels, runs in Scrape(get("/metrics")).select("kernstat_bpf_program_runs_total") if runs > 0)


def by_other_hooks(tools):
    """With the types of a file neither tp_btf nor fentry can be: what remains counts the same events."""
    os.environ["KERNSTAT_BTF"] = BTF_COPY
    try:
        with Daemon(tools, f"--btf.path={BTF_COPY}"):
            return {"other hooks": run_tests(tools), "programs": programs_that_ran()}
    finally:
        del os.environ["KERNSTAT_BTF"]


def lockdown():
    """From here on until the guest ends."""
    with open("/sys/kernel/security/lockdown", "w", encoding="ascii") as file:
        file.write("confidentiality")
    return once([])


def balloon():
    """The host takes memory and gives it back: the counters of both move."""
    from harness_daemon import DaemonTool
    from harness import Scrape

    def ask(mib):
        with open(f"{SCRATCH}/balloon.new", "w", encoding="ascii") as file:
            file.write(str(mib))
        os.rename(f"{SCRATCH}/balloon.new", f"{SCRATCH}/balloon")

    def await_pages(tool, before, name):
        end = time.monotonic() + 120
        while (moved := tool.scrape().delta(before, name)) < BALLOON_MIB * 256:
            if time.monotonic() > end:
                raise AssertionError(f"{name} moved by {moved}, not by {BALLOON_MIB * 256} pages")
            time.sleep(0.2)

    begin = time.monotonic()
    try:
        subprocess.run(["modprobe", "virtio_balloon"], check=True, capture_output=True)
        with DaemonTool(ADDRESS, "vmstat", Scrape) as tool:
            before = tool.scrape()
            ask(BALLOON_MIB)
            await_pages(tool, before, "node_vmstat_balloon_inflate")
            ask(0)
            await_pages(tool, before, "node_vmstat_balloon_deflate")
        return {"state": "ok", "reason": "", "seconds": round(time.monotonic() - begin, 1)}
    except (AssertionError, subprocess.CalledProcessError, OSError) as error:
        return {"state": "failed", "reason": str(error), "seconds": round(time.monotonic() - begin, 1)}


def said(name, act, *arguments):
    """Runs a part and says how long it took."""
    begin = time.monotonic()
    result = act(*arguments)
    print(f"  {name}: {time.monotonic() - begin:.1f} s", flush=True)
    return result


def load_file_systems():
    """Tools hook what is there when they start. Without their types (before 5.11) modules cannot be hooked."""
    if len(os.listdir("/sys/kernel/btf")) > 1:
        for module in ("xfs", "btrfs", "nfsv3"):
            subprocess.run(["modprobe", module], check=True)


def hostile(other):
    """`other`: the tools to try by other hooks."""
    runs, found = {}, {}
    runs["unprivileged"] = said("unprivileged", once, UNPRIVILEGED)
    runs["no bpf(2)"] = said("no bpf(2)", lambda: once([], preexec_fn=forbid_bpf))
    hide_btf()
    runs["without BTF"] = said("without BTF", once, [])
    if other:
        found = said("other hooks", by_other_hooks, other)
    subprocess.run(["umount", BTF], check=True)
    runs["lockdown"] = said("lockdown", lockdown)
    return {**found, "hostile": runs}


def main():
    part, tools = sys.argv[1], sys.argv[2:]
    os.environ["KERNSTAT_RAN"] = RAN
    prepare()
    load_file_systems()
    debian_defaults()
    result = {"kernel": os.uname().release, "programs": []}

    def add(found):
        programs = result["programs"] + found.get("programs", [])
        result.update(found, programs=programs)

    if part != "others":
        add(shipped(tools or tool_names(), not tools))
    if part != "shipped":
        marked = [tool for tool in tool_names() if says(tool, "# lab: as root too")]
        add(said("as root", as_root, tools if part == "tools" else marked))
    if part == "others":
        add(hostile(tools))
    if os.path.exists(RAN):
        with open(RAN, encoding="utf-8") as file:
            add({"programs": file.read().split()})
    with open(os.path.join(SCRATCH, "result.json"), "w", encoding="utf-8") as file:
        json.dump(result, file, indent=1)


main()
