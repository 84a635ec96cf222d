#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# ctest: parallel label=deploy
"""The manual page has every flag of the daemon and no other."""
import os
import pathlib
import re
import subprocess
import sys

SOURCE = pathlib.Path(os.environ["KERNSTAT_SOURCE"])
BUILD = pathlib.Path(os.environ["KERNSTAT_BUILD"])


def flags(text):
    return set(re.findall(r"--[a-z][a-z.-]*[a-z]", text))


def main():
    if not (BUILD / "kernstatd").exists():
        print("skipped: kernstatd is not built")
        return 77
    said = subprocess.run([BUILD / "kernstatd", "--help"], text=True, stdout=subprocess.PIPE, timeout=20, check=True).stdout
    page = (SOURCE / "deploy/debian/kernstatd.8").read_text().replace("\\-", "-")
    differ = flags(said) ^ flags(page)
    print(f"only in one of --help and the manual page: {sorted(differ)}" if differ else f"{len(flags(said))} flags in both")
    return 1 if differ or len(flags(said)) < 10 else 0


if __name__ == "__main__":
    sys.exit(main())
