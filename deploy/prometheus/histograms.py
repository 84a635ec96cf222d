# SPDX-License-Identifier: Apache-2.0
"""The histograms that the project has, with their labels, from where each of them is written down: those of BPF tools in
the tools' YAML and, as types, in their objects; those that collectors fold in the collectors' sources."""
import json
import os
import pathlib
import re
import shutil
import subprocess

import yaml

# Debian has it where only root looks.
BPFTOOL = shutil.which("bpftool", path=f"{os.environ.get('PATH', '')}:/usr/sbin") or "bpftool"
SOURCE = pathlib.Path(__file__).resolve().parents[2]


class Types:
    """The BTF of an object."""

    def __init__(self, path):
        said = subprocess.run([BPFTOOL, "-j", "btf", "dump", "file", path], stdout=subprocess.PIPE, check=True).stdout
        self._types = {0: {"kind": "VOID"}, **{one["id"]: one for one in json.loads(said)["types"]}}

    def plain(self, number):
        """The type behind names and qualifiers."""
        one = self._types[number]
        return self.plain(one["type_id"]) if one["kind"] in ("TYPEDEF", "CONST", "VOLATILE") else one

    def member(self, struct, name):
        return next((one["type_id"] for one in struct.get("members", []) if one["name"] == name), None)

    def maps(self):
        """{map: (type of its key, type of its value)}. A map is a variable; __type(key, K) is a pointer to K."""
        found = {}
        for one in self._types.values():
            if one["kind"] != "VAR":
                continue
            struct = self.plain(one["type_id"])
            pointers = [self.member(struct, name) for name in ("key", "value")]
            if struct["kind"] == "STRUCT" and None not in pointers:
                found[one["name"]] = tuple(self.plain(self.plain(pointer)["type_id"]) for pointer in pointers)
        return found


def labels_of(metric, key):
    if "by" in metric:
        own = metric["by"]
    elif key["kind"] == "STRUCT":
        own = [one["name"] for one in key["members"] if not one["name"].startswith("pad")]
    else:
        own = [metric["key"]] if "key" in metric else []
    return [metric.get("labels", {}).get(name, name) for name in own] + list(metric.get("set", {}))


def of_tool(specification, types):
    """{family: labels} of one tool; bpf/README.md says what the YAML means."""
    maps, found = types.maps(), {}
    for metric in specification["metrics"]:
        if "map" not in metric:
            continue
        key, value = maps[metric["map"]]
        if "member" in metric:
            value = types.plain(types.member(value, metric["member"]))
        if value.get("name", "").startswith("ks_hist_"):
            found[metric["name"]] = labels_of(metric, key)
    return found


def of_tools(objects):
    found = {}
    for path in sorted((SOURCE / "bpf").glob("*.yaml")):
        found |= of_tool(yaml.safe_load(path.read_text()), Types(pathlib.Path(objects) / f"{path.stem}.bpf.o"))
    return found


def of_collectors():
    """{family: labels}: a fold is declared as Metric{"NAME", MetricType::kHistogram, …}, its labels where it is written."""
    found = {}
    for path in sorted((SOURCE / "collectors/proc").glob("*.cpp")):
        for name in re.findall(r'"(kernstat_\w+)",\s*MetricType::kHistogram', path.read_text()):
            found[name] = None
    return found
