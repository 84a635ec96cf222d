#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# ctest: parallel label=deploy
"""The dashboards keep the conventions: data source, job and instance are variables, every panel has a title, a
description and a unit, every query selects by job and instance and rates its counters over $__rate_interval."""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import yaml

from promql import is_counter, selectors

SOURCE = pathlib.Path(os.environ["KERNSTAT_SOURCE"]) / "deploy/grafana"
UNITS = {"short", "percentunit", "s", "bytes", "Bps", "iops", "ops", "cps", "pps", "dtdurations"}
EIGHT = {"overview", "memory", "block", "filesystems", "tcp", "packets", "cpu", "own"}


# What Grafana's own schema of panels asks for, and no more: it takes what is missing for something else, or nothing.
OPTIONS = {
    "timeseries": {"legend": {"showLegend", "displayMode", "placement", "calcs"}, "tooltip": {"mode", "sort"}},
    "stat": {"reduceOptions": {"calcs", "fields", "values"}, "colorMode": None, "graphMode": None, "textMode": None,
             "orientation": None, "justifyMode": None, "wideLayout": None, "showPercentChange": None,
             "percentChangeColorMode": None},
    "table": {"showHeader": None, "frameIndex": None, "cellHeight": None, "footer": {"show", "reducer"}},
    "heatmap": {"calculate": None, "cellGap": None, "yAxis": {"unit", "axisPlacement"}, "showValue": None,
                "color": {"mode", "scheme", "steps", "exponent", "fill", "reverse"}, "cellValues": {"unit"},
                "legend": {"show"}, "tooltip": {"mode", "yHistogram"}, "filterValues": {"le"}, "rowsFrame": {"layout"},
                "exemplars": {"color"}}}
PANEL = {"type", "id", "title", "description", "datasource", "gridPos", "targets", "options", "fieldConfig", "links",
         "transformations"}
TARGET = {"datasource", "expr", "legendFormat", "refId", "format", "instant", "range"}


class Problems(list):
    def check(self, holds, where, what):
        if not holds:
            self.append(f"{where}: {what}")


def check_variables(board, name, problems):
    variables = {one["name"]: one for one in board["templating"]["list"]}
    source = variables.get("datasource", {})
    problems.check(source.get("type") == "datasource" and source.get("query") == "prometheus", name, "no variable datasource")
    for wanted in ("job", "instance"):
        problems.check(wanted in variables, name, f"no variable {wanted}")
    for one in variables.values():
        if one["type"] != "query":
            continue
        where = f"{name} ${one['name']}"
        problems.check(one["datasource"]["uid"] == "${datasource}", where, "not of the chosen data source")
        problems.check(one["refresh"] == 2, where, "does not follow the time range")
        problems.check(re.fullmatch(r"label_values\(.+, \w+\)", one["query"]["query"]), where, "no label_values query")
        problems.check(one["label"] and one["multi"] and one["includeAll"] and one["allValue"] == ".+", where, "not multi")


def check_query(expr, known, where, problems):
    for metric, matchers, interval in selectors(expr):
        problems.check('job=~"$job"' in matchers and 'instance=~"$instance"' in matchers, where,
                       f"{metric} is not selected by job and instance")
        problems.check(not is_counter(metric) or interval, where, f"{metric} is a counter without rate()")
        problems.check(interval in ("", "[$__rate_interval]"), where, f"{metric}{interval}: not $__rate_interval")
        problems.check(set(re.findall(r"\$(\w+)", matchers)) <= known, where, f"unknown variable in {matchers}")


def check_shape(panel, where, problems):
    wanted, options = OPTIONS[panel["type"]], panel["options"]
    problems.check(set(options) == set(wanted), where, f"options: {sorted(set(options) ^ set(wanted))}")
    for name, members in wanted.items():
        problems.check(members is None or set(options.get(name, {})) == members, where, f"options.{name}")
    problems.check(set(panel) <= PANEL, where, f"unknown: {set(panel) - PANEL}")
    for target in panel["targets"]:
        problems.check(set(target) <= TARGET, where, f"unknown: {set(target) - TARGET}")


def check_panel(panel, known, where, problems):
    check_shape(panel, where, problems)
    problems.check(panel["title"], where, "no title")
    text = panel.get("description", "")
    problems.check("**Normal:**" in text and "**Otherwise:**" in text and len(text) > 60, where, "no description")
    problems.check(panel["datasource"]["uid"] == "${datasource}", where, "a data source of its own")
    problems.check(panel["fieldConfig"]["defaults"]["unit"] in UNITS, where, "no unit")
    problems.check(panel["targets"], where, "no query")
    references = [target["refId"] for target in panel["targets"]]
    problems.check(len(set(references)) == len(references), where, "refId twice")
    for target in panel["targets"]:
        problems.check(target["datasource"]["uid"] == "${datasource}", where, "a query of another data source")
        check_query(target["expr"], known, where, problems)
        if panel["type"] == "heatmap":
            problems.check("_bucket{" in target["expr"] and " or sum(rate(" in target["expr"], where,
                           "only one form of the histogram")


def check_links(boards, problems):
    """Links from panels lead to dashboards that are there."""
    uids = {board["uid"] for board in boards.values()}
    for name, board in boards.items():
        for panel in board["panels"]:
            for link in panel.get("links", []):
                problems.check(re.match(r"/d/([\w-]+)\?", link["url"]).group(1) in uids, f"{name} / {panel['title']}", "leads nowhere")


def check_places(board, name, problems):
    taken = {}
    for panel in board["panels"]:
        size = panel["gridPos"]
        problems.check(size["x"] + size["w"] <= 24, f"{name} {panel['title']}", "wider than the page")
        for x in range(size["x"], size["x"] + size["w"]):
            for y in range(size["y"], size["y"] + size["h"]):
                problems.check((x, y) not in taken, f"{name} {panel['title']}", f"lies on {taken.get((x, y))}")
                taken[(x, y)] = panel["title"]
    numbers = [panel["id"] for panel in board["panels"]]
    problems.check(len(set(numbers)) == len(numbers), name, "an id twice")


def check(board, name, problems):
    problems.check(board["editable"] is False and 39 <= board["schemaVersion"] <= 42, name, "editable, or another model")
    problems.check(re.fullmatch(r"[\w-]{1,40}", board["uid"]), name, "no stable uid")
    problems.check(board["graphTooltip"] == 1 and "kernstat" in board["tags"] and "__inputs" not in board, name, "conventions")
    check_variables(board, name, problems)
    if name == "overview":
        lowest = max(panel["gridPos"]["y"] + panel["gridPos"]["h"] for panel in board["panels"])
        problems.check(lowest <= 21, name, f"{lowest} lines high: more than a screen")
    known = {one["name"] for one in board["templating"]["list"]} | {"__rate_interval"}
    for panel in board["panels"]:
        if panel["type"] != "row":
            check_panel(panel, known, f"{name} / {panel['title']}", problems)
    check_places(board, name, problems)


def check_syntax(boards, directory, problems):
    """Prometheus' own parser: every query as a recording rule."""
    if not shutil.which("promtool"):
        print("not checked: the syntax of the queries (promtool is not installed)")
        return
    exprs = [target["expr"] for board in boards for panel in board["panels"] for target in panel.get("targets", [])]
    rules = [{"record": f"query:{number}", "expr": re.sub(r"\$\w+", lambda m: "5m" if "interval" in m.group() else "x", expr)}
             for number, expr in enumerate(exprs)]
    path = pathlib.Path(directory) / "queries.yaml"
    path.write_text(yaml.safe_dump({"groups": [{"name": "queries", "rules": rules}]}))
    done = subprocess.run(["promtool", "check", "rules", path], text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, check=False)
    problems.check(done.returncode == 0, "queries", done.stdout)
    print(f"{len(exprs)} queries")


def check_the_check():
    """A linter that accepts everything would be easy to write."""
    board = {"name"}
    problems = Problems()
    check_query('sum(node_intr_total{job=~"$job",instance=~"$instance"})', board, "", problems)
    check_query('rate(node_intr_total{instance=~"$instance"}[$__rate_interval])', board, "", problems)
    check_query('rate(node_intr_total{job=~"$job",instance=~"$instance"}[5m])', board, "", problems)
    check_query('a{job=~"$job",instance=~"$instance"} * on (job) (node_load1)', board, "", problems)
    text = "\n".join(problems)
    for wanted in ("without rate", "job and instance", "not $__rate_interval", "node_load1 is not selected"):
        assert wanted in text, f"the check does not see: {wanted}"


def main():
    check_the_check()
    problems = Problems()
    with tempfile.TemporaryDirectory() as directory:
        subprocess.run([sys.executable, "-B", SOURCE / "dashboards.py", directory], check=True)
        boards = {path.stem: json.loads(path.read_text()) for path in pathlib.Path(directory).glob("*.json")}
        problems.check(set(boards) == EIGHT, "dashboards", f"there are {sorted(boards)}")
        uids = {board["uid"] for board in boards.values()}
        problems.check(len(uids) == len(boards), "dashboards", "a uid twice")
        for name, board in sorted(boards.items()):
            check(board, name, problems)
        check_links(boards, problems)
        check_syntax(boards.values(), directory, problems)
    print("\n".join(problems) or f"{len(boards)} dashboards: nothing to complain of")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
