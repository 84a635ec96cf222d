#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Runs every bench, and says at the end which of them kept their budgets.

    tests/bench/run.py [PART ...]      parts: scrape, bpf, bpf_peers, bpf_engine; default: all

Exit code 1: one is over a budget or could not be measured; what a host cannot run is skipped."""
import argparse
import os
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
PARTS = {
    "scrape": "sampling and scraping, against node_exporter",
    "bpf": "the BPF tools, by event and on three hosts; time to start",
    "bpf_peers": "the BPF tools against libbpf-tools",
    "bpf_engine": "a program's floor, reading maps, 10,000 series of a map, memory",
}
SKIPPED = 77
VERDICTS = {0: "within its budgets", 1: "OVER a budget", SKIPPED: "skipped"}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", metavar="PART")
    chosen = parser.parse_args().parts or list(PARTS)
    for part in chosen:
        if part not in PARTS:
            parser.error(f"no part {part!r}: {', '.join(PARTS)}")
    results = []
    for part in chosen:
        print(f"\n== {part}: {PARTS[part]}", flush=True)
        begin = time.monotonic()
        code = subprocess.run([sys.executable, os.path.join(HERE, part + ".py")], cwd=ROOT, check=False).returncode
        results.append((part, code, time.monotonic() - begin))
    print(f"\n{'part':10}{'seconds':>8}  result")
    for part, code, seconds in results:
        print(f"{part:10}{seconds:8.0f}  {VERDICTS.get(code, f'failed (exit code {code})')}")
    return 0 if all(code in (0, SKIPPED) for _, code, _ in results) else 1


if __name__ == "__main__":
    sys.exit(main())
