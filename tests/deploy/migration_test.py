#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# ctest: label=deploy timeout=150
"""The page on migration, step by step: node_exporter and kernstat side by side, scraped as the page says; its queries
find the differences that it names and no others, and numbers that agree; then the switch, with `instance` kept."""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request

import yaml

from existing_dashboards_test import SOURCE, listed
from harness import BUILD, free_port, skip, wait_for

NODE, KERNSTAT, PROMETHEUS = free_port(), free_port(), free_port()
SECONDS = 40
# node_exporter's own name for itself, and what the page names beside the README's table.
NAMED = {"node_exporter_build_info", "node_selinux_enabled", "node_network_speed_bytes"}


def page():
    return (SOURCE / "deploy/migration.md").read_text()


def blocks(heading):
    """The indented blocks of a section."""
    section = page().split(f"## {heading}")[1].split("\n## ")[0]
    return [re.sub(r"^    ", "", block, flags=re.M) for block in re.findall(r"(?:^    .*\n)+", section, re.M)]


def queries(heading):
    """What begins at the margin of a block; what is indented there goes on."""
    for block in blocks(heading):
        for query in re.split(r"\n(?! )", block.strip()):
            yield " ".join(query.split()).replace("[10m]", f"[{SECONDS - 10}s]")


def configuration(directory, text):
    """A scrape configuration of the page, for the ports of this test."""
    jobs = yaml.safe_load(text.replace("HOST", "127.0.0.1").replace(":9100", f":{NODE}").replace(":10777", f":{KERNSTAT}"))
    config = {"global": {"scrape_interval": "2s", "scrape_timeout": "2s"}, **jobs}
    (directory / "prometheus.yaml").write_text(yaml.safe_dump(config))


def ask(query):
    url = f"http://127.0.0.1:{PROMETHEUS}/api/v1/query?{urllib.parse.urlencode({'query': query})}"
    with urllib.request.urlopen(url, timeout=10) as answer:
        return json.load(answer)["data"]["result"]


def check_compare():
    checked = 0
    for query in queries("2. Compare"):
        result = ask(query)
        values = [float(one["value"][1]) for one in result]
        if "unless" in query:
            names = {one["metric"]["__name__"] for one in result}
            # What the README's table has may be missing, too.
            patterns = "|".join(pattern.replace("*", ".*") for pattern in listed())
            unnamed = {name for name in names - NAMED if not re.fullmatch(patterns, name)}
            assert not unnamed, f"only node_exporter has: {unnamed}"
            print(f"only node_exporter has: {sorted(names)}")
        elif "/ on" in query:
            assert values and all(0.8 < value < 1.25 for value in values if value == value), f"{query}: {values}"
        elif "- on" in query:
            assert len(values) >= 8 and all(abs(value) < 0.2 for value in values), f"{query}: {values}"
        else:
            assert len(values) == 2, f"{query}: {values}"
            print("CPU time:", {one["metric"]["job"]: round(float(one["value"][1]), 5) for one in result})
        checked += 1
    assert checked >= 5, "the page lost its queries"


def check_switch(directory):
    configuration(directory, "".join(blocks("3. Switch")))
    urllib.request.urlopen(urllib.request.Request(f"http://127.0.0.1:{PROMETHEUS}/-/reload", method="POST"), timeout=10).close()
    kept = f'kernstat_build_info{{job="node",instance="127.0.0.1:{NODE}"}}'
    wait_for("kernstat as node with node_exporter's instance", lambda: ask(kept), 20)


def main():
    if not os.environ.get("KERNSTAT_FULL"):
        skip(f"runs for {SECONDS} s; KERNSTAT_FULL=1 runs it")
    if not shutil.which("prometheus") or not shutil.which("prometheus-node-exporter"):
        skip("prometheus or its node_exporter is not installed")
    with tempfile.TemporaryDirectory(prefix="kernstat-migration-", dir="/var/tmp") as name:
        directory = pathlib.Path(name)
        configuration(directory, blocks("1. Side by side")[0])
        commands = [["prometheus-node-exporter", f"--web.listen-address=127.0.0.1:{NODE}"],
                    [BUILD / "kernstatd", "--web.listen-address", f"127.0.0.1:{KERNSTAT}"],
                    ["prometheus", f"--config.file={directory}/prometheus.yaml", f"--storage.tsdb.path={directory}/data",
                     "--web.enable-lifecycle", f"--web.listen-address=127.0.0.1:{PROMETHEUS}"]]
        with open(directory / "log", "wb") as log:
            processes = [subprocess.Popen(list(map(str, command)), stdout=log, stderr=log) for command in commands]
            try:
                time.sleep(SECONDS)
                assert all(process.poll() is None for process in processes), (directory / "log").read_text()[-2000:]
                check_compare()
                check_switch(directory)
            finally:
                for process in processes:
                    process.terminate()
                for process in processes:
                    process.wait(20)
    return 0


if __name__ == "__main__":
    sys.exit(main())
