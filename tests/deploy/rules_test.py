#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# ctest: parallel label=deploy timeout=170
"""Every alert fires on its condition, not just below it, and resolves; every record is right in the classic form.

The series come from `test` in alerts.yaml. Each alert is run by promtool with the records that it needs: an hour and
a half just below, then the condition, then as before."""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import yaml

SOURCE = pathlib.Path(os.environ["KERNSTAT_SOURCE"]) / "deploy/prometheus"
OBJECTS = pathlib.Path(os.environ["KERNSTAT_BUILD"]) / "bpf"
sys.path.insert(0, str(SOURCE))
import rules  # noqa: E402  (the generator itself)

BEFORE, AFTER = 90, 100  # minutes
OBSERVED_PER_MINUTE = 600
BOUNDS = [2.0**exponent for exponent in range(-20, 7)]


def minutes(duration):
    found = re.fullmatch(r"(\d+)([mhd])", duration or "0m")
    return int(found.group(1)) * {"m": 1, "h": 60, "d": 1440}[found.group(2)]


def series(name, more=""):
    """A series' name with the labels that every target has."""
    name, _, labels = name.partition("{")
    labels = [label for label in [labels.rstrip("}"), more] if label]
    given = ",".join(labels)
    labels += [f'{label}="{value}"' for label, value in (("job", "node"), ("instance", "host:10777"))
               if f"{label}=" not in given]
    return f"{name}{{{','.join(labels)}}}"


def constant(value, count):
    return f"_x{count}" if value is None else f"{value}x{count - 1}"


def gauge(values, lengths):
    before, during, after = (values + values[:1])[:3]
    return " ".join(constant(value, count) for value, count in zip((before, during, after), lengths))


def event(values, lengths):
    before, during, after = (values + values[-1:])[:3]
    return gauge([before, during, after], lengths)


def ramp(values, lengths):
    before, during, after = values
    step = (during - before) / lengths[1]
    return f"{constant(before, lengths[0])} {before}{step:+}x{lengths[1] - 1} {constant(after, lengths[2])}"


def counter(per_minute, lengths):
    start, parts = 0.0, []
    for step, count in zip((per_minute + per_minute[:1])[:3], lengths):
        parts.append(f"{start}+{step}x{count - 1}")
        start += step * count
    return " ".join(parts)


def histogram(name, observed, lengths):
    """The series of a classic histogram whose observations are all `observed`."""
    base, _, labels = name.partition("{")
    labels = labels.rstrip("}")
    for bound in [*BOUNDS, float("inf")]:
        le = "+Inf" if bound == float("inf") else repr(bound)
        yield (series(f"{base}_bucket{{{labels}}}", f'le="{le}"'),
               counter([OBSERVED_PER_MINUTE * (value <= bound) for value in observed], lengths))
    yield series(f"{base}_sum{{{labels}}}"), counter([OBSERVED_PER_MINUTE * value for value in observed], lengths)
    yield series(f"{base}_count{{{labels}}}"), counter([OBSERVED_PER_MINUTE for _ in observed], lengths)


def input_series(test, lengths):
    assert set(test) <= {"gauge", "counter", "histogram", "ramp", "event"}, test
    found = []
    for kind, shape in (("gauge", gauge), ("ramp", ramp), ("event", event)):
        found += [(series(name), shape(values, lengths)) for name, values in test.get(kind, {}).items()]
    for name, values in test.get("counter", {}).items():
        found.append((series(name), counter([60 * value for value in values], lengths)))
    for name, values in test.get("histogram", {}).items():
        found += histogram(name, values, lengths)
    return [{"series": name, "values": values} for name, values in found]


def needed(expr, records):
    """The records, in order, that an expression needs."""
    chosen = []
    for rule in records:
        if rule["record"] in expr:
            chosen += [one for one in needed(rule["expr"], records) if one not in chosen] + [rule]
    return chosen


def firing(alert, minute, expected):
    return {"expr": f'count(ALERTS{{alertname="{alert}",alertstate="firing"}}) > bool 0 or vector(0)',
            "eval_time": f"{minute}m", "exp_samples": [{"labels": "{}", "value": int(expected)}]}


def lengths_of(alert):
    """Minutes before, during and after the condition."""
    return BEFORE, minutes(alert.get("for")) + 20, AFTER


def write_test(directory, alert, rules_, inputs):
    """The test of an alert, which is the last of the rules: not before, not too early, then, and no more afterwards."""
    held = minutes(alert.get("for"))
    lengths = lengths_of(alert)
    rule_file = directory / f"{alert['alert']}.rules.yaml"
    rule_file.write_text(yaml.safe_dump({"groups": [{"name": "test", "rules": rules_}]}, sort_keys=False))
    settled = 19 if "ramp" in alert["test"] else 7  # a trend takes longer to show than a rate
    times = [(BEFORE - 1, False), (BEFORE + held + settled, True), (sum(lengths) - 1, False)]
    if held > 7:
        times.insert(1, (BEFORE + held - 1, False))  # not before it lasted for long enough
    test = {"rule_files": [rule_file.name], "evaluation_interval": "1m",
            "tests": [{"interval": "1m", "input_series": inputs,
                       "promql_expr_test": [firing(alert["alert"], *time) for time in times]}]}
    path = directory / f"{alert['alert']}.test.yaml"
    path.write_text(yaml.safe_dump(test, sort_keys=False))
    return path


def write_fleet_test(directory):
    """Two hosts, one slow: the quantiles of their merged histogram, which no average of quantiles would give."""
    name = "kernstat_fs_sync_duration_seconds"
    rule_file = directory / "fleet.rules.yaml"
    rule_file.write_text(yaml.safe_dump({"groups": rules.fleet(OBJECTS)}))
    inputs = []
    for host, value in (("a", 0.003), ("b", 3.0)):
        inputs += histogram(f'{name}{{fstype="ext4",cluster="c",instance="{host}"}}', [value, value], (20, 20, 20))
    labels = 'cluster="c",fstype="ext4",job="node"'
    expected = {"p50": 2.0**-8, "p99": 2 + 2 * 0.98}
    test = {"rule_files": [rule_file.name], "evaluation_interval": "1m", "tests": [{
        "interval": "1m", "input_series": [{"series": one, "values": values} for one, values in inputs],
        "promql_expr_test": [
            {"expr": f"round(job:{name}:{quantile}, 0.0001)", "eval_time": "30m",
             "exp_samples": [{"labels": f"{{{labels}}}", "value": round(value, 4)}]}
            for quantile, value in expected.items()]}]}
    path = directory / "fleet.test.yaml"
    path.write_text(yaml.safe_dump(test, sort_keys=False))
    return path


def check_texts(alerts):
    runbooks = re.findall(r"^## (\S+)$", (SOURCE / "runbooks.md").read_text(), re.M)
    names = [alert["alert"] for alert in alerts]
    assert sorted(runbooks) == sorted(names), f"runbooks and alerts differ: {set(runbooks) ^ set(names)}"
    for alert in alerts:
        assert alert["severity"] in ("critical", "warning", "info") and alert["command"], alert
        assert "{{host}}" in alert["description"] or "count by" in alert["expr"], f"{alert['alert']}: names no host"
        assert "{{value}}" in alert["description"] or re.search(r"(==|> 0 or) ", alert["expr"]), \
            f"{alert['alert']}: names no value"


def promtool(*arguments):
    done = subprocess.run(["promtool", *map(str, arguments)], text=True, timeout=160, check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode != 0:
        print(done.stdout[-6000:])
    return done.returncode == 0


def check_scrape(path, directory):
    # The rules are where the package puts them; here they are elsewhere.
    text = path.read_text().replace("/usr/share/kernstat/prometheus", str(directory / "made"))
    config = yaml.safe_load(text)
    for job in config["scrape_configs"]:
        # Debian's Prometheus is built without this kind of discovery: check by hand what it cannot.
        for discovery in job.pop("kubernetes_sd_configs", []):
            assert discovery == {"role": "pod", "namespaces": {"names": ["kernstat"]}}, discovery
    text = yaml.safe_dump(config)
    copy = directory / path.name
    copy.write_text(text)
    return promtool("check", "config", copy)


def main():
    if not shutil.which("promtool"):
        print("skipped: promtool is not installed")
        return 77
    if not (OBJECTS / "biolatency.bpf.o").exists():
        print("skipped: the BPF tools are not built (target bpf)")
        return 77
    alerts = [alert for group in rules.load("alerts.yaml") for alert in group["alerts"]]
    check_texts(alerts)
    made = {rule["alert"]: rule for group in rules.alerts() for rule in group["rules"]}
    records = [rule for group in rules.records(OBJECTS) for rule in group["rules"]]
    with tempfile.TemporaryDirectory() as name:
        directory = pathlib.Path(name)
        subprocess.run([sys.executable, SOURCE / "rules.py", directory / "made", OBJECTS], check=True)
        good = promtool("check", "rules", *sorted((directory / "made").glob("*.yaml")))
        good = all(check_scrape(path, directory) for path in sorted(SOURCE.glob("scrape-*.yaml"))) and good
        tests = []
        for alert in alerts:
            rule = made[alert["alert"]]
            tests.append(write_test(directory, alert, [*needed(rule["expr"], records), rule],
                                    input_series(alert["test"], lengths_of(alert))))
        tests.append(write_fleet_test(directory))
        good = promtool("test", "rules", *tests) and good
        print(f"{len(alerts)} alerts, {len(records)} records")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
