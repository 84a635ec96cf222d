#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# ctest: parallel label=deploy
"""What dashboards, rules and alerts made for node_exporter use is there, but for what the deployment's README lists; and
nothing stands in that list that is there."""
import fnmatch
import os
import pathlib
import re
import sys

from names_test import BUILD, known

SOURCE = pathlib.Path(os.environ["KERNSTAT_SOURCE"])
HEADING = "## Dashboards and alerts made for node_exporter"
# Families that are named after files of sysfs: any sensor of a host.
NAMED_BY_THE_KERNEL = ("node_hwmon_",)


def used():
    """{metric: by what}"""
    lines = (SOURCE / "tests/deploy/existing_dashboards.tsv").read_text().splitlines()
    return dict(line.split("\t") for line in lines if not line.startswith("#"))


def listed():
    """The patterns in the middle column of the README's table."""
    table = (SOURCE / "deploy/README.md").read_text().split(HEADING)[1].split("\n## ")[0]
    rows = [line.split("|") for line in table.splitlines() if line.startswith("| ") and "---" not in line]
    return [pattern for row in rows[1:] for pattern in re.findall(r"`([\w*]+)`", row[2])]


def main():
    if not (BUILD / "kernstatd").exists():
        print("skipped: kernstatd is not built")
        return 77
    names, wanted, patterns = known(), used(), listed()
    missing = {metric for metric in wanted
               if metric not in names and re.sub(r"_(bucket|sum|count)$", "", metric) not in names
               and not metric.startswith(NAMED_BY_THE_KERNEL)}
    excused = {metric for metric in missing if any(fnmatch.fnmatch(metric, pattern) for pattern in patterns)}
    for metric in sorted(missing - excused):
        print(f"missing, and not in the README's table: {metric} ({wanted[metric]})")
    stale = [pattern for pattern in patterns if not fnmatch.filter(missing, pattern)]
    for pattern in stale:
        print(f"in the README's table, but not missing: {pattern}")
    print(f"{len(wanted)} metrics are used, {len(missing)} are missing, all of them in the README's table"
          if not stale and missing == excused else "the README's table is wrong")
    return 1 if stale or missing != excused else 0


if __name__ == "__main__":
    sys.exit(main())
