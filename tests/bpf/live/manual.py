#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# ctest: label=live
"""Follows bpf/README.md: the tool that it builds there compiles, loads and counts."""
import os
import re
import subprocess
import sys
import tempfile

from harness import SKIP, Tool, at_least, need_root

SOURCE = os.environ.get("KERNSTAT_SOURCE",
                        os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../.."))


def blocks():
    """The indented code blocks of the steps."""
    with open(os.path.join(SOURCE, "bpf/README.md")) as manual:
        text = manual.read()
    steps = text[text.index("## A tool in four steps"):text.index("## The C side")]
    found, current = [], []
    for line in steps.splitlines() + ["end"]:
        if line.startswith("       "):
            current.append(line[7:])
        elif not line and current:
            current.append("")
        elif current:
            found.append("\n".join(current).strip() + "\n")
            current = []
    return found


def run():
    need_root()
    program, yaml, command = blocks()[:3]
    command = command.replace("\\\n", " ").split()
    if subprocess.run(["which", command[0]], capture_output=True).returncode != 0:
        print(f"skipped: no {command[0]} here")
        sys.exit(SKIP)
    command = [re.sub("^-I/usr/lib/kernstat/bpf/include$", f"-I{SOURCE}/bpf", word)
               for word in command]
    with tempfile.TemporaryDirectory() as directory:
        for name, text in (("exec.bpf.c", program), ("exec.yaml", yaml)):
            with open(os.path.join(directory, name), "w") as file:
                file.write(text)
        subprocess.run(command, check=True, cwd=directory)
        with Tool("exec", directory=directory) as tool:
            before = tool.scrape()
            for _ in range(5):
                subprocess.run(["true"], check=True)
            after = tool.scrape()
            at_least(after.delta(before, "kernstat_process_execs_total"), 5, "programs started")
    print("ok manual")


run()
