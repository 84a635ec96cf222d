#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Draws every dashboard as a picture, from a live Prometheus, without Grafana: to look at axes, units and legends.

usage: KERNSTAT_BUILD=BUILD KERNSTAT_SOURCE=TREE render.py DIRECTORY [SECONDS]    default 240

Needs root, prometheus, chromium and npm (a charting library is installed below DIRECTORY)."""
import json
import pathlib
import re
import shutil
import subprocess
import sys
import time

from stack import Stack, dashboards, require, substitute

HERE = pathlib.Path(__file__).resolve().parent
CELL, LINE, HEAD = 60, 34, 50
STEP = 4


def legend(template, labels):
    return re.sub(r"{{\s*(\w+)\s*}}", lambda match: labels.get(match.group(1), ""), template).strip()


def color(steps, value):
    """Of the last threshold that is reached."""
    return [one["color"] for one in steps if one["value"] is None or value >= one["value"]][-1]


def numbers(values):
    return [[float(at), float(value)] for at, value in values if value not in ("NaN", "+Inf", "-Inf")]


def buckets(result):
    """Cells [time, bound, count a second] of the cumulative classic buckets of one histogram."""
    rows = sorted(((float(one["metric"]["le"]), dict(map(tuple, one["values"]))) for one in result), key=lambda row: row[0])
    times = sorted({at for _, values in rows for at in values})
    cells, used = [], []
    for place, (bound, values) in enumerate(rows):
        below = rows[place - 1][1] if place else {}
        line = [max(0.0, float(values.get(at, 0)) - float(below.get(at, 0))) for at in times]
        used.append((bound, line))
    first = next((i for i, (_, line) in enumerate(used) if any(line)), 0)
    last = max((i for i, (_, line) in enumerate(used) if any(line)), default=0)
    used = used[max(0, first - 1):last + 2]
    for y, (_, line) in enumerate(used):
        cells += [[x, y, value] for x, value in enumerate(line) if value > 0]
    return {"times": times, "bounds": [bound if bound != float("inf") else 1e308 * 10 for bound, _ in used], "cells": cells}


def data(stack, panel, begin, end):
    size, defaults = panel["gridPos"], panel.get("fieldConfig", {}).get("defaults", {})
    made = {"type": panel["type"], "title": panel["title"], "unit": defaults.get("unit"), "min": defaults.get("min"),
            "max": defaults.get("max"), **size}
    results = []
    for target in panel.get("targets", []):
        expr = substitute(target["expr"])
        if panel["type"] in ("stat", "table"):
            results.append((target, stack.get("classic", "query", query=expr)["result"]))
        else:
            results.append((target, stack.get("classic", "query_range", query=expr, start=begin, end=end, step=STEP)["result"]))
    if panel["type"] == "timeseries":
        made["stacked"] = defaults["custom"]["stacking"]["mode"] == "normal"
        made["series"] = [{"name": legend(target["legendFormat"], one["metric"]), "values": numbers(one["values"])}
                          for target, result in results for one in result]
    elif panel["type"] == "heatmap":
        made.update(buckets(results[0][1]))
    elif panel["type"] == "stat":
        made["named"] = panel["options"]["textMode"] == "value_and_name"
        made["values"] = [{"value": float(one["value"][1]), "name": legend(target["legendFormat"], one["metric"]),
                           "color": color(defaults["thresholds"]["steps"], float(one["value"][1]))}
                          for target, result in results for one in result]
    elif panel["type"] == "table":
        made["rows"] = [{**{name: value for name, value in one["metric"].items() if name not in ("__name__", "job")},
                         "value": one["value"][1]} for _, result in results for one in result]
    return made


def picture(directory, name, board, panels):
    page = directory / name
    page.mkdir(exist_ok=True)
    shutil.copy(HERE / "page.html", page)
    shutil.copy(directory / "node_modules/echarts/dist/echarts.min.js", page)
    text = json.dumps({"title": board["title"], "panels": panels}).replace("Infinity", "1e999")
    (page / "data.js").write_text(f"window.BOARD = {text};\n")
    height = HEAD + LINE * max(one["y"] + one["h"] for one in panels)
    subprocess.run(["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
                    "--virtual-time-budget=10000", f"--window-size={24 * CELL},{height}",
                    f"--screenshot={directory}/{name}.png", f"file://{page}/page.html"],
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=120, check=True)


def main():
    if len(sys.argv) not in (2, 3):
        print(__doc__, file=sys.stderr)
        return 2
    directory = pathlib.Path(sys.argv[1]).resolve()
    if not (directory / "node_modules").exists():
        directory.mkdir(parents=True, exist_ok=True)
        shutil.copy(HERE / "package.json", directory)
        subprocess.run(["npm", "install", "--no-audit", "--no-fund", "--silent"], cwd=directory, timeout=180, check=True)
    require()
    with Stack() as stack:
        begin = time.time() + 20
        time.sleep(float(sys.argv[2]) if len(sys.argv) > 2 else 240)
        stack.check_alive()
        end = time.time()
        for name, board in dashboards().items():
            panels = [data(stack, panel, begin, end) for panel in board["panels"]]
            picture(directory, name, board, panels)
            print(directory / f"{name}.png")
    return 0


if __name__ == "__main__":
    sys.exit(main())
