#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# ctest: parallel
# ctest: timeout=60
"""One exposition of a host made of files, against what it must be.

golden_test.py            compares with debian12.prom
golden_test.py --update   writes debian12.prom anew: read the difference before you commit it
"""
import difflib
import os
import pathlib
import re
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
SOURCE = pathlib.Path(os.environ.get("KERNSTAT_SOURCE", HERE.parent.parent))
BUILD = pathlib.Path(os.environ.get("KERNSTAT_BUILD", SOURCE / "build" / "dev"))
EXPECTED = HERE / "debian12.prom"

# Families that differ from run to run, or come from the running kernel.
UNSTABLE = re.compile(
    r"process_"  # of the daemon's own process
    r"|kernstat_build_info$|kernstat_config_"
    r"|kernstat_collector_(?!state$)"  # times and counts of this run
    r"|kernstat_filesystem_|node_filesystem_"  # statfs(2) asks this host
    r"|kernstat_(bpf|http|scheduler|scrape|limits)_"
    r"|node_scrape_collector_duration_seconds$"
    r"|node_time_(seconds|zone_offset_seconds)$"
)
# Samples of these collectors are left out of the families that have one sample for each collector.
UNSTABLE_COLLECTORS = re.compile(r'collector="(self|filesystem|textfile)"')


def stable(text):
    """The families that must be the same in each run, in their order."""
    out = []
    keep = False
    for line in text.splitlines():
        if line.startswith("# HELP "):
            keep = not UNSTABLE.match(line.split()[2])
        if keep and not UNSTABLE_COLLECTORS.search(line):
            out.append(line)
    return "\n".join(out) + "\n"


def run_once():
    fixture = SOURCE / "tests" / "fixtures" / "debian12"
    command = [
        str(BUILD / "kernstatd"),
        "--once",
        f"--config.file={HERE / 'debian12.yaml'}",
        f"--path.procfs={fixture / 'proc'}",
        f"--path.sysfs={fixture / 'sys'}",
        f"--path.rootfs={fixture}",
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=50, check=False)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)}: exit {done.returncode}\n{done.stderr}")
    return done.stdout


def main():
    got = stable(run_once())
    if sys.argv[1:] == ["--update"]:
        EXPECTED.write_text(got)
        print(f"wrote {EXPECTED}")
        return 0
    difference = list(
        difflib.unified_diff(
            EXPECTED.read_text().splitlines(), got.splitlines(), "expected", "got", lineterm=""
        )
    )
    if difference:
        print("\n".join(difference[:200]))
        print(f"{len(difference)} lines of difference; if it is meant: {sys.argv[0]} --update")
        return 1
    print(f"{len(got.splitlines())} lines as expected")
    return 0


if __name__ == "__main__":
    sys.exit(main())
