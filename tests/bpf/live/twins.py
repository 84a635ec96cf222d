#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# ctest: label=live timeout=120
"""Every tool whose programs are twins loads by its raw_tp half too: with tp_btf avoided, and with
BTF from a file as on a kernel that has none of its own."""
import os
import subprocess
import sys

from harness import SKIP, Tool, build_dir, need_root

BTF = "/sys/kernel/btf/vmlinux"


def tools():
    names = os.listdir(os.path.join(build_dir(), "bpf"))
    return sorted(name.removesuffix(".yaml") for name in names if name.endswith(".yaml"))


def twins_of(name):
    """Names of raw_tp programs that have a twin."""
    path = os.path.join(build_dir(), "bpf", name + ".bpf.o")
    text = subprocess.run(["llvm-readelf-14", "-sW", path], capture_output=True, text=True).stdout
    symbols = {line.split()[-1] for line in text.splitlines() if " FUNC " in line}
    return {s for s in symbols if s.endswith("_raw") and s[:-4] + "_btf" in symbols}


def run():
    need_root()
    if not os.path.exists(BTF):
        print("skipped: this kernel has no BTF")
        sys.exit(SKIP)
    failed = tried = 0
    for name in tools():
        if not twins_of(name):
            continue
        for how in ({"avoid": ["tp_btf"]}, {"btf": BTF}):
            tried += 1
            try:
                with Tool(name, **how) as tool:
                    kinds = {kind for kind, _ in tool.hooks()}
                    assert "tp_btf" not in kinds, f"{kinds}"
                    assert "raw_tp" in kinds, f"{kinds}"
            except (AssertionError, SystemExit) as error:
                failed += 1
                print(f"FAILED {name} with {how}: {error}")
    print(f"{tried} loads, {failed} failed")
    sys.exit(1 if failed or not tried else 0)


run()
