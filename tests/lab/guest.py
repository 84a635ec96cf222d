#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What the lab does inside a kernel: writes its findings as JSON to $SCRATCH/result.json.

    guest.py tools [TOOL...]     each live test as root; then all tools at once as shipped
    guest.py hostile             no BTF, external BTF, no privilege, a seccomp filter
    guest.py lockdown            all tools under kernel lockdown

Findings are {column: {tool: {"state": ..., "reason": ..., "hooks": ..., "ms": ...}}}; hostile runs give
{configuration: {"state": {tool: state}, "proc": collectors that are ok, "exit": status, "errors": text}}.
"""
import ctypes
import glob
import json
import os
import re
import struct
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
BUILD = os.environ["KERNSTAT_BUILD"]
DAEMON = os.path.join(BUILD, "kernstatd")
TOOLS = os.path.join(BUILD, "bpf")
SCRATCH = os.environ["SCRATCH"]
NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
SHIPPED = NOBODY + ["--inh-caps=-all,+bpf,+perfmon", "--ambient-caps=-all,+bpf,+perfmon",
                    "--bounding-set=-all,+bpf,+perfmon"]
# The unit's LimitMEMLOCK: kernels before 5.11 charge maps against it.
SHIPPED = ["prlimit", "--memlock=unlimited:unlimited", *SHIPPED]


def tool_names():
    return sorted(os.path.basename(p)[:-5] for p in glob.glob(TOOLS + "/*.yaml"))


def live(tool):
    """The tool's live test: state is ok, unsupported (it skipped) or failed."""
    script = os.path.join(HERE, "..", "bpf", "live", tool + ".py")
    if not os.path.exists(script):
        return {"state": "failed", "reason": "no live test", "hooks": "", "seconds": 0}
    begin = time.monotonic()
    try:
        done = subprocess.run(["/usr/bin/python3", script], capture_output=True, text=True, timeout=90,
                              check=False, cwd=os.path.dirname(script))
        output, code = done.stdout + done.stderr, done.returncode
    except subprocess.TimeoutExpired as error:
        output, code = f"{error.stdout} {error.stderr}\nno end within 90 s", 1
    lines = [line for line in output.splitlines() if line.strip()]
    state = {0: "ok", 77: "unsupported"}.get(code, "failed")
    reason = ""
    if state != "ok":
        telling = [l for l in lines if re.search(r"skipped|Error|expected|FAILED", l)] or lines[-1:]
        reason = " / ".join(line.strip() for line in telling[-3:])
    hooks = next((l.split(" ", 1)[1] for l in lines if l.startswith("hooks ")), "")
    load = next((float(l.split()[1]) for l in lines if l.startswith("load_ms ")), None)
    return {"state": state, "reason": reason[:400], "hooks": hooks, "load_ms": load,
            "seconds": round(time.monotonic() - begin, 1)}


def once(prefix, *arguments, **options):
    """kernstatd --once with every tool on: the state of each tool and collector."""
    config = os.path.join("/tmp", "all-tools.yaml")
    with open(config, "w", encoding="utf-8") as file:
        # Emulation makes everything dear: here nothing is shed.
        file.write("bpf:\n  budget: 1\n  tools:\n")
        for tool in tool_names():
            file.write(f"    {tool}: {{enabled: true}}\n")
    os.chmod(config, 0o644)
    done = subprocess.run(
        [*prefix, DAEMON, "--once", f"--config.file={config}", f"--bpf.dir={TOOLS}", *arguments],
        capture_output=True, text=True, timeout=200, check=False, **options)
    states, reasons, collectors = {}, {}, 0
    for line in done.stderr.splitlines():
        fields = line.split(None, 4)
        if len(fields) < 4 or fields[1] not in ("ok", "unsupported", "denied", "failed"):
            continue
        if fields[0] in tool_names():
            states[fields[0]] = fields[1]
            reasons[fields[0]] = fields[4] if len(fields) > 4 else ""
        else:
            collectors += fields[1] == "ok"
    tail = "\n".join(line for line in done.stderr.splitlines() if line.startswith("time="))[-2000:]
    return {"state": states, "reason": reasons, "proc": collectors, "exit": done.returncode, "log": tail}


def shipped():
    for name, value in (("kernel/perf_event_paranoid", "3"), ("kernel/unprivileged_bpf_disabled", "2")):
        try:
            with open("/proc/sys/" + name, "w", encoding="ascii") as file:
                file.write(value)
        except OSError:
            pass
    found = once(SHIPPED)
    return {tool: {"state": found["state"].get(tool, "missing"), "reason": found["reason"].get(tool, "")}
            for tool in tool_names()}, found


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


def hostile():
    result = {"unprivileged": once(NOBODY + ["--inh-caps=-all", "--ambient-caps=-all", "--bounding-set=-all"]),
              "no bpf(2)": once([], preexec_fn=forbid_bpf)}
    btf = "/tmp/vmlinux.btf"
    with open("/sys/kernel/btf/vmlinux", "rb") as source, open(btf, "wb") as target:
        target.write(source.read())
    os.chmod(btf, 0o644)
    open("/tmp/empty", "wb").close()
    subprocess.run(["mount", "--bind", "/tmp/empty", "/sys/kernel/btf/vmlinux"], check=True)
    result["without BTF"] = once([])
    result["external BTF"] = once([], f"--btf.path={btf}")
    subprocess.run(["umount", "/sys/kernel/btf/vmlinux"], check=True)
    return result


def main():
    what, names = sys.argv[1], sys.argv[2:]
    result = {"kernel": os.uname().release}
    if what == "tools":
        result["root"] = {}
        for tool in names or tool_names():
            result["root"][tool] = live(tool)
            print(f"  {tool:18} {result['root'][tool]['state']:12} {result['root'][tool]['seconds']:6} s  "
                  f"{result['root'][tool]['reason'][:200]}", flush=True)
        if not names:
            result["shipped"], result["shipped run"] = shipped()
            result["hostile"] = hostile()
    elif what == "lockdown":
        result["lockdown"] = once([])
    with open(os.path.join(SCRATCH, "result.json"), "w", encoding="utf-8") as file:
        json.dump(result, file, indent=1)


main()
