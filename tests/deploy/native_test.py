#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# ctest: parallel label=deploy timeout=120
"""The alerts about histograms, and the records of every histogram, in the native form.

promtool of Debian 12 cannot write native histograms. So a Prometheus is told of them as of a past in which they were
observed, the records are what it makes of them, and promtool runs the alerts on these records. Each value must be
right within the width of a native bucket."""
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

from harness import free_port, skip, wait_for
from rules_test import OBJECTS, OBSERVED_PER_MINUTE, input_series, lengths_of, needed, promtool, rules, write_test
import remote_write

PORT = free_port()
MINUTE = 60
BUCKET = 2**(1 / 8)  # of schema 3


def get(path, **parameters):
    url = f"http://127.0.0.1:{PORT}/{path}?{urllib.parse.urlencode(parameters)}"
    try:
        with urllib.request.urlopen(url, timeout=20) as answer:
            return answer.read()
    except OSError:
        return None


class Prometheus:
    """One that scrapes nothing and takes what is written to it."""

    def __enter__(self):
        self._directory = tempfile.TemporaryDirectory(prefix="kernstat-native-")
        root = pathlib.Path(self._directory.name)
        (root / "prometheus.yaml").write_text("{}\n")
        self._log = open(root / "log", "wb")
        self._process = subprocess.Popen(
            ["prometheus", f"--config.file={root}/prometheus.yaml", f"--storage.tsdb.path={root}/data",
             "--enable-feature=native-histograms", "--web.enable-remote-write-receiver", f"--web.listen-address=127.0.0.1:{PORT}"],
            stdout=self._log, stderr=self._log)
        try:
            wait_for("Prometheus ready", lambda: get("-/ready"), 20)
        except AssertionError:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self._process.terminate()
        self._process.wait(20)
        self._log.close()
        self._directory.cleanup()


def parse(name):
    """('x{a="b"}') to labels."""
    base, _, labels = name.partition("{")
    return {"__name__": base, "job": "node", **dict(re.findall(r'(\w+)="([^"]*)"', labels))}


def cumulative(observed, lengths, until):
    """What was observed up to this minute: {value: how often}, and the sum."""
    counts, begin = {}, 0
    for value, length in zip((observed + observed[:1])[:3], lengths):
        minutes = min(max(until - begin + 1, 0), length)
        counts[value] = counts.get(value, 0) + minutes * OBSERVED_PER_MINUTE
        begin += length
    counts = {value: count for value, count in counts.items() if count}
    return counts, sum(value * count for value, count in counts.items())


def write_past(alerts, begin, minutes):
    """The histograms of the alerts' tests, each for an instance named like the alert."""
    for minute in range(minutes):
        many = []
        for alert in alerts:
            for name, observed in alert["test"]["histogram"].items():
                labels = parse(name) | {"instance": alert["alert"]}
                counts, total = cumulative(observed, lengths_of(alert), minute)
                at = int((begin + minute * MINUTE) * 1000)
                many.append(remote_write.series(labels, remote_write.histogram(counts, total, at)))
        remote_write.send(PORT, many)


def evaluate(expr, begin, minutes):
    said = get("api/v1/query_range", query=expr, start=begin, end=begin + (minutes - 1) * MINUTE, step=MINUTE)
    return json.loads(said)["data"]["result"]


def recorded(record, instance, begin, minutes):
    """What a record makes of the past, as series for promtool."""
    for one in evaluate(record["expr"], begin, minutes):
        labels = one["metric"]
        if labels["instance"] != instance:
            continue
        values = {round((at - begin) / MINUTE): value for at, value in one["values"]}
        text = " ".join(values.get(minute, "_") for minute in range(minutes))
        given = ",".join(f'{name}="{value}"' for name, value in labels.items())
        yield {"series": f"{record['record']}{{{given}}}", "values": text}


def check_alerts(alerts, records, begin, directory):
    made = {rule["alert"]: rule for group in rules.alerts() for rule in group["rules"]}
    tests = []
    for alert in alerts:
        rule, minutes = made[alert["alert"]], sum(lengths_of(alert))
        others = {kind: values for kind, values in alert["test"].items() if kind != "histogram"}
        inputs = input_series(others, lengths_of(alert))
        for record in needed(rule["expr"], records):
            series = list(recorded(record, alert["alert"], begin, minutes))
            assert series, f"{alert['alert']}: the record {record['record']} gives nothing"
            inputs += series
        tests.append(write_test(directory, alert, [rule], inputs))
    return promtool("test", "rules", *tests)


def check_records(records, begin):
    """Every record of every histogram, from observations of one value: that value within a bucket, or how many."""
    value = 0.013
    names = sorted(rules.all_histograms(OBJECTS))
    for minute in range(10):
        at = int((begin + minute * MINUTE) * 1000)
        count = (minute + 1) * OBSERVED_PER_MINUTE
        remote_write.send(PORT, [remote_write.series(
            {"__name__": name, "job": "node", "instance": "all", "cluster": "c"},
            remote_write.histogram({value: count}, value * count, at)) for name in names])
    wrong, checked = [], 0
    fleet = [rule for group in rules.fleet(OBJECTS) for rule in group["rules"] if not rule["record"].endswith("_bucket:rate5m")]
    of_histograms = [one for one in records if "histogram_" in one["expr"]]
    for rule in [*of_histograms, *fleet]:
        expected = OBSERVED_PER_MINUTE / MINUTE if rule["record"].endswith(":rate5m") else value
        result = [one for one in evaluate(rule["expr"], begin + 8 * MINUTE, 1)
                  if one["metric"].get("instance", "all") == "all" and one["metric"].get("cluster") == "c"]
        checked += 1
        if len(result) != 1 or not expected / BUCKET <= float(result[0]["values"][0][1]) <= expected * BUCKET:
            wrong.append(f"{rule['record']}: {result}")
    print("\n".join(wrong) or f"{checked} records of {len(names)} histograms are right in the native form")
    return not wrong


def main():
    if not shutil.which("prometheus") or not shutil.which("promtool"):
        skip("prometheus is not installed")
    if not (OBJECTS / "biolatency.bpf.o").exists():
        skip("the BPF tools are not built (target bpf)")
    alerts = [alert for group in rules.load("alerts.yaml") for alert in group["alerts"] if "histogram" in alert["test"]]
    records = [rule for group in rules.records(OBJECTS) for rule in group["rules"]]
    minutes = max(sum(lengths_of(alert)) for alert in alerts)
    now = int(time.time()) // MINUTE * MINUTE
    begin = now - (minutes + 15) * MINUTE
    with Prometheus(), tempfile.TemporaryDirectory() as directory:
        write_past(alerts, begin, minutes)
        good = check_alerts(alerts, records, begin, pathlib.Path(directory))
        print(f"{len(alerts)} alerts about histograms: {'as' if good else 'not as'} they should be in the native form")
        good = check_records(records, now - 12 * MINUTE) and good
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
