#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# ctest: parallel
"""Tools of the operator's own directory: broken ones say file, line and reason, and disturb nothing."""
import os
import shutil
import subprocess
import tempfile

BUILD = os.environ["KERNSTAT_BUILD"]
DAEMON = os.path.join(BUILD, "kernstatd")
GOOD = "softirqtime"

BROKEN = {
    "unknown_key": ("help: A tool with a mistake in it.\nmetrics:\n"
                    "  - {name: kernstat_w_total, help: Nothing that exists., map: nothing}\n"
                    "enabled: true\nmetrix: []\n", GOOD,
                    "unknown_key.yaml:5:1: unknown key 'metrix'"),
    "no_yaml": ("help: [\n", GOOD, "no_yaml.yaml:"),
    "no_map": ("help: A tool without its map.\nenabled: true\nmetrics:\n"
               "  - {name: kernstat_x_total, help: Nothing that exists., map: nothing}\n", GOOD,
               "the object has no such map"),
    "no_object": ("help: A tool without an object.\nenabled: true\nmetrics:\n"
                  "  - {name: kernstat_y_total, help: Nothing that exists., map: nothing}\n", None,
                  "no_object.bpf.o"),
    "no_elf": ("help: A tool whose object is none.\nenabled: true\nmetrics:\n"
               "  - {name: kernstat_z_total, help: Nothing that exists., map: nothing}\n", b"junk",
               "no_elf.bpf.o"),
    "bad_name": ("help: A tool with a wrong name.\nenabled: true\nmetrics:\n"
                 "  - {name: kernstat_softirq, help: How long it takes., map: softirq_time,\n"
                 "     key: vector}\n", GOOD, "does not name its unit, seconds"),
}


def write(directory):
    for name, (yaml, source, _) in BROKEN.items():
        with open(os.path.join(directory, name + ".yaml"), "w") as file:
            file.write(yaml)
        target = os.path.join(directory, name + ".bpf.o")
        if isinstance(source, bytes):
            with open(target, "wb") as file:
                file.write(source)
        elif source:
            shutil.copy(os.path.join(BUILD, "bpf", source + ".bpf.o"), target)
    for name in ("mine", "loadavg"):
        for suffix in (".yaml", ".bpf.o"):
            shutil.copy(os.path.join(BUILD, "bpf", GOOD + suffix), os.path.join(directory, name + suffix))


def run(config, *arguments):
    return subprocess.run([DAEMON, "--config.file", config, *arguments], capture_output=True,
                          text=True, timeout=60)


def main():
    with tempfile.TemporaryDirectory() as directory:
        tools = os.path.join(directory, "bpf")
        os.mkdir(tools)
        write(tools)
        config = os.path.join(directory, "kernstatd.yaml")
        with open(config, "w") as file:
            file.write(f"bpf:\n  dir: {directory}/none\n  user_dir: {tools}\n")

        checked = run(config, "--check-config")
        assert checked.returncode == 2, f"exit {checked.returncode}: {checked.stderr}"
        for name, (_, _, words) in BROKEN.items():
            assert words in checked.stderr, f"{name}: {words!r} is not in\n{checked.stderr}"

        assert f"{tools}/loadavg.yaml: loadavg: a collector has this name" in checked.stderr, checked.stderr

        once = run(config, "--once")
        table = {line.split()[0]: line for line in once.stderr.splitlines() if line.split()}
        for name, (_, _, words) in BROKEN.items():
            assert " failed " in table[name], table[name]
            assert words in table[name], f"{words!r} is not in {table[name]!r}"
        assert " ok " in table["loadavg"], "the rest runs on"
        assert "mine" not in table, "off by default, as its YAML says"
        with open(config, "w") as file:
            file.write("bpf: {tools: {mine: {enabled: true}}}\n")
        more = os.path.join(directory, "more")
        os.mkdir(more)
        for suffix in (".yaml", ".bpf.o"):
            shutil.copy(os.path.join(tools, "mine" + suffix), os.path.join(more, "yours" + suffix))
            shutil.copy(os.path.join(tools, "mine" + suffix), os.path.join(more, "no_elf" + suffix))
        listed = run(config, "--list", f"--bpf.dir={tools}", f"--bpf.dir={more}").stdout
        for name in ("biolatency", "mine", "yours"):
            assert f"\n  {name} " in listed, f"{name}, of three directories: {listed}"
        added = run(config, "--once", f"--bpf.dir={tools}", f"--bpf.dir={more}")
        table = {line.split()[0]: line for line in added.stderr.splitlines() if line.split()}
        assert "mine" in table and "biolatency" in table, f"both directories: {added.stderr}"
        assert "no_elf" not in table, "replaced by the one of the later directory, which is off"
    print("ok")


main()
