#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# ctest: parallel label=deploy
"""Every series that rules and dashboards select is one that the daemon can say, that Prometheus makes of a scrape, or
that a rule records: a name that is misspelt or gone would only be an empty panel and a silent alert."""
import os
import pathlib
import re
import subprocess
import sys
import tempfile

import yaml

SOURCE = pathlib.Path(os.environ["KERNSTAT_SOURCE"])
BUILD = pathlib.Path(os.environ["KERNSTAT_BUILD"])
sys.path[:0] = [str(SOURCE / "deploy/prometheus"), str(SOURCE / "deploy/grafana"), str(SOURCE / "tests/grafana")]
import dashboards  # noqa: E402
import promql  # noqa: E402
import rules  # noqa: E402

OF_A_SCRAPE = {"up", "scrape_duration_seconds", "scrape_samples_scraped", "ALERTS"}


def used():
    """(where, metric) of every selector."""
    for group in rules.records(BUILD / "bpf") + rules.fleet(BUILD / "bpf") + rules.alerts():
        for rule in group["rules"]:
            for metric, _, _ in promql.selectors(rule["expr"]):
                yield rule.get("alert") or rule["record"], metric
    for name, make in dashboards.ALL.items():
        board = make()
        for panel in board["panels"]:
            for target in panel.get("targets", []):
                for metric, _, _ in promql.selectors(target["expr"]):
                    yield f"{name} / {panel['title']}", metric
        for one in board["templating"]["list"]:
            if one["type"] == "query":
                yield f"{name} ${one['name']}", re.match(r"label_values\((\w+)", one["query"]["query"]).group(1)


def listed():
    """The names of all collectors and tools."""
    said = subprocess.run([BUILD / "kernstatd", "--list"], text=True, timeout=60,
                          stdout=subprocess.PIPE, check=True).stdout
    names = re.findall(r"^  (\w+) +(?:on|off) ", said, re.M)
    assert len(names) > 50, said
    return names


def known():
    """What one scrape says, here and of the fixtures; what the tools declare; what stands in the sources for the rest."""
    names = set(OF_A_SCRAPE)
    tools = {path.stem for path in (SOURCE / "bpf").glob("*.yaml")}
    everything = {"bpf": {"tools": {name: {"enabled": True} for name in tools}},
                  "collectors": {name: {"enabled": True} for name in listed() if name not in tools}}
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as config:
        yaml.safe_dump(everything, config)
        config.flush()
        # 1: a collector failed, as one may that is not for this host.
        done = subprocess.run([BUILD / "kernstatd", "--once", "--config.file", config.name],
                              text=True, timeout=60, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    assert done.returncode in (0, 1), done.stderr
    assert " dropped: " not in done.stderr, f"with all of it on, a series is there twice: {done.stderr[-600:]}"
    said = done.stdout
    names |= set(re.findall(r"^# TYPE (\S+)", said, re.M))
    for path in (SOURCE / "tests/golden").glob("*.prom"):
        names |= set(re.findall(r"^# TYPE (\S+)", path.read_text(), re.M))
    for path in (SOURCE / "bpf").glob("*.yaml"):
        names |= {metric["name"] for metric in yaml.safe_load(path.read_text())["metrics"]}
    for directory in ("collectors", "daemon"):
        for path in (SOURCE / directory).rglob("*.cpp"):
            names |= set(re.findall(r'"((?:node|kernstat|process)_\w+)"', path.read_text()))
    names |= {rule["record"] for group in rules.records(BUILD / "bpf") + rules.fleet(BUILD / "bpf") for rule in group["rules"]}
    return names


def twice():
    """Collectors and tools of one name: they would say the same series of themselves."""
    names = listed()
    tools = {path.stem for path in (SOURCE / "bpf").glob("*.yaml")}
    return sorted({name for name in names if names.count(name) > 1} | (tools - set(names)))


def main():
    if not (BUILD / "kernstatd").exists():
        print("skipped: kernstatd is not built")
        return 77
    both = twice()
    if both:
        print(f"names of two things, or of a tool that is not offered: {both}")
        return 1
    names = known()
    wrong = sorted({f"{where}: {metric}" for where, metric in used()
                    if metric not in names and re.sub(r"_(bucket|sum|count)$", "", metric) not in names})
    print("\n".join(wrong) or f"{len(names)} names known, none is used that is not")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
