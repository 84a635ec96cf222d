#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the rules of Prometheus from records.yaml, alerts.yaml and the histograms that the project has.

usage: rules.py DIRECTORY OBJECTS    writes kernstat-records.yaml, kernstat-fleet.yaml and kernstat-alerts.yaml to
                                     DIRECTORY; OBJECTS has the compiled BPF tools

kernstat-records.yaml and kernstat-alerts.yaml belong on the Prometheus that scrapes; kernstat-fleet.yaml makes series
of the merged histograms of all its hosts, few enough to be sent to Thanos or Mimir.
"""
import pathlib
import sys

import yaml

import histograms

HERE = pathlib.Path(__file__).resolve().parent
QUANTILES = {"p50": 0.5, "p90": 0.9, "p99": 0.99}
HEAD = "# SPDX-License-Identifier: Apache-2.0\n# Made by rules.py; change records.yaml or alerts.yaml instead.\n"
RUNBOOKS = "/usr/share/doc/kernstat/runbooks.md"


def load(name):
    return yaml.safe_load((HERE / name).read_text())


def all_histograms(objects):
    """{family: its labels that mean the same on every host}."""
    folds = {name: load("records.yaml")["fold_labels"].get(name, []) for name in histograms.of_collectors()}
    return {name: [label for label in labels if label != "device"]
            for name, labels in sorted((folds | histograms.of_tools(objects)).items())}


def quantile(q, name):
    """Works for the classic and for the native form of a histogram; only one of them is stored. Every label stays:
    those of the histogram, and those that the target was given."""
    return f"histogram_quantile({q}, rate({name}_bucket[5m])) or histogram_quantile({q}, rate({name}[5m]))"


def mean(name):
    return (f"rate({name}_sum[5m]) / (rate({name}_count[5m]) > 0)"
            f" or histogram_sum(rate({name}[5m])) / (histogram_count(rate({name}[5m])) > 0)")


def merged(level, name, labels):
    """The merged histogram as series of its own, which a global view can add up again, and quantiles of it. There is
    no such record of native histograms: Prometheus before 2.45 refuses to store their rates for a rounding error."""
    by = ", ".join(labels)
    yield {"record": f"{level}:{name}_bucket:rate5m", "expr": f"sum by ({by}, le) (rate({name}_bucket[5m]))"}
    for text, q in QUANTILES.items():
        yield {"record": f"{level}:{name}:{text}",
               "expr": f"histogram_quantile({q}, {level}:{name}_bucket:rate5m)"
                       f" or histogram_quantile({q}, sum by ({by}) (rate({name}[5m])))"}


def records(objects):
    plain = [{"record": name, "expr": expr} for name, expr in load("records.yaml")["records"].items()]
    hosts = []
    for name in all_histograms(objects):
        hosts += [{"record": f"instance:{name}:{text}", "expr": quantile(q, name)} for text, q in QUANTILES.items()]
        hosts.append({"record": f"instance:{name}:mean", "expr": mean(name)})
    return [{"name": "kernstat-records", "rules": plain}, {"name": "kernstat-quantiles", "rules": hosts}]


def fleet(objects):
    # Devices of different hosts have nothing in common but a name.
    rules = [rule for name, labels in all_histograms(objects).items()
             for rule in merged("job", name, ["job", "cluster", *labels])]
    return [{"name": "kernstat-fleet", "interval": "1m", "rules": rules}]


def alerts():
    groups = []
    for group in load("alerts.yaml"):
        rules = []
        for alert in group["alerts"]:
            rule = {"alert": alert["alert"], "expr": alert["expr"]}
            if "for" in alert:
                rule["for"] = alert["for"]
            description = alert["description"].replace("{{host}}", "{{ $labels.instance }}")
            description = description.replace("{{value}}", "{{ $value | humanize }}")
            rule["labels"] = {"severity": alert["severity"]}
            rule["annotations"] = {"summary": alert["summary"],
                                   "description": f"{description} First: {alert['command']}",
                                   "runbook": f"{RUNBOOKS}#{alert['alert'].lower()}"}
            rules.append(rule)
        groups.append({"name": f"kernstat-{group['group']}", "rules": rules})
    return groups


def main():
    if len(sys.argv) != 3:
        print(__doc__, file=sys.stderr)
        return 2
    directory, objects = map(pathlib.Path, sys.argv[1:])
    directory.mkdir(parents=True, exist_ok=True)
    for name, groups in (("records", records(objects)), ("fleet", fleet(objects)), ("alerts", alerts())):
        text = yaml.safe_dump({"groups": groups}, sort_keys=False, width=1000, allow_unicode=True)
        (directory / f"kernstat-{name}.yaml").write_text(HEAD + text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
