#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# ctest: parallel label=deploy
"""The units are as hard as promised: systemd's own score of them stays below a limit."""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

UNITS = pathlib.Path(os.environ["KERNSTAT_SOURCE"]) / "deploy/systemd"
LIMITS = {"kernstat.service alone": ([], 2.6), "with full.conf": (["full.conf"], 3.0),
          "with symbols.conf": (["symbols.conf"], 3.0), "with both": (["full.conf", "symbols.conf"], 3.4)}


def exposure(drop_ins):
    with tempfile.TemporaryDirectory() as directory:
        shutil.copy(UNITS / "kernstat.service", directory)
        drop_in_directory = pathlib.Path(directory) / "kernstat.service.d"
        drop_in_directory.mkdir()
        for name in drop_ins:
            shutil.copy(UNITS / name, drop_in_directory)
        said = subprocess.run(
            ["systemd-analyze", "security", "--offline=yes", "--no-pager", "kernstat.service"],
            env={**os.environ, "SYSTEMD_UNIT_PATH": directory}, text=True, timeout=60,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=True).stdout
    # systemd only warns of a line that it does not understand.
    assert "Unknown" not in said and "Failed to parse" not in said, said
    return float(re.search(r"exposure level for kernstat.service: ([0-9.]+)", said).group(1))


def main():
    if not shutil.which("systemd-analyze"):
        print("skipped: no systemd-analyze here")
        return 77
    exceeded = 0
    for name, (drop_ins, limit) in LIMITS.items():
        score = exposure(drop_ins)
        print(f"{name}: exposure {score}, at most {limit}")
        exceeded += score > limit
    # The score sees the drop-in at all.
    assert exposure(["full.conf"]) > exposure([])
    return 1 if exceeded else 0


if __name__ == "__main__":
    sys.exit(main())
