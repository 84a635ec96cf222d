# SPDX-License-Identifier: Apache-2.0
"""What the lab makes of its findings: differences from expected.tsv, and the table."""
import os
import re
import subprocess

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.realpath(os.path.join(HERE, "..", ".."))
EXPECTED = os.path.join(HERE, "expected.tsv")
COLUMNS = ("root", "other hooks", "shipped")
# What tools may be in a hostile configuration; programs that read nothing of the kernel run without BTF too.
ALLOWED = {"unprivileged": {"denied"}, "no bpf(2)": {"denied"}, "without BTF": {"unsupported", "ok"},
           "lockdown": {"denied", "unsupported", "ok"}}


def expected_differences():
    """{(suite, column, tool): (state, reason)} of expected.tsv."""
    lines = {}
    with open(EXPECTED, encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            if line.startswith("#") or not line.strip():
                continue
            fields = line.rstrip("\n").split("\t")
            if len(fields) != 5:
                raise SystemExit(f"tests/lab/expected.tsv:{number}: expected five fields separated by tabs: "
                                 "suite, column, tool, state, reason")
            lines[tuple(fields[:3])] = tuple(fields[3:])
    return lines


def compare(suite, found, whole):
    """The differences between what was found and what is expected, in words."""
    expected, problems = expected_differences(), []
    for column in COLUMNS:
        for tool, entry in sorted(found.get(column, {}).items()):
            want, why = expected.pop((suite, column, tool), None) or expected.get(("*", column, tool)) or ("ok", "")
            if entry["state"] != want:
                problems.append(f"{suite} {column} {tool}: expected {want}, is {entry['state']}: "
                                f"{entry['reason'] or 'it works: take the line out of expected.tsv'}")
            elif why and not re.search(why, entry["reason"]):
                problems.append(f"{suite} {column} {tool}: {want} for another reason than /{why}/: {entry['reason']}")
    if whole:
        problems += [f"{key[0]} {key[1]} {key[2]}: expected.tsv names a tool that is not there"
                     for key in expected if key[0] == suite and key[2] not in found.get("root", {})]
        if found["balloon"]["state"] != "ok":
            problems.append(f"{suite} balloon: {found['balloon']['reason']}")
        problems += hostile_problems(suite, found["hostile"])
    return problems


def hostile_problems(suite, runs):
    problems = []
    for name, run in runs.items():
        if run["exit"] not in (0, 1) or run["proc"] < 15:
            problems.append(f"{suite} {name}: exit {run['exit']}, {run['proc']} collectors ok: {run['log'][-300:]}")
        states, allowed = set(run["state"].values()), ALLOWED[name]
        if not states or not states <= allowed:
            odd = {t: s + ": " + run["reason"].get(t, "") for t, s in run["state"].items() if s not in allowed}
            problems.append(f"{suite} {name}: tools are {sorted(states)}, allowed {sorted(allowed)}: {odd}")
        if name == "without BTF" and "unsupported" not in states:
            problems.append(f"{suite} {name}: every tool runs, so BTF was there")
    return problems


def programs_of(build, tool):
    """Names of all programs in a tool's object."""
    path = os.path.join(build, "bpf", tool + ".bpf.o")
    text = subprocess.run(["llvm-readelf-14", "-sW", path], capture_output=True, text=True, check=True).stdout
    # Functions of .text are called by programs.
    text_section = subprocess.run(["llvm-readelf-14", "-SW", path], capture_output=True, text=True, check=True).stdout
    shared = re.search(r"\[ *(\d+)\] \.text ", text_section)
    rows = [line.split() for line in text.splitlines() if " FUNC " in line and " GLOBAL " in line]
    return {row[-1] for row in rows if not shared or row[-2] != shared.group(1)}


def programs_never_run(build, results):
    """Each program of each tool has to run in one of the kernels, but for those that expected.tsv names: some of these
    run now and then, which is no difference."""
    ran = {program for found in results.values() for program in found["programs"]}
    tools = {tool for found in results.values() for tool in found["root"]}
    excused = {key[2]: re.compile(value[1]) for key, value in expected_differences().items() if key[1] == "program"}
    problems = []
    for tool in sorted(tools):
        for program in sorted(programs_of(build, tool)):
            never = f"{tool}/{program}" not in ran
            excuse = tool in excused and bool(excused[tool].fullmatch(program))
            if never and not excuse:
                problems.append(f"{tool}: no kernel ran the program {program}")
    return problems


def version(found):
    return re.match(r"\d+\.\d+", found["kernel"]).group(0)


def kinds(entry):
    return " ".join(sorted({hook.split(":")[0] for hook in entry.get("hooks", [])}))


def cell(tool, found):
    """Hook, events expected and counted, time to load; by other hooks; as shipped."""
    entry = found["root"].get(tool, {"state": "missing"})
    text = entry["state"]
    if text == "ok":
        text = f"{kinds(entry)} {entry['events'][0]}/{entry['events'][1]}, {entry['load_ms']} ms"
    other = found.get("other hooks", {}).get(tool)
    if other and other["state"] == "ok":
        text += f"; {kinds(other)} {other['events'][0]}/{other['events'][1]}"
    as_shipped = found.get("shipped", {}).get(tool, {}).get("state", "ok")
    return text if as_shipped == "ok" else f"{text}; shipped: {as_shipped}"


def oldest(tool, results):
    """The oldest kernel of the lab, as 5.10, in which the tool works."""
    for found in results.values():
        if found["root"].get(tool, {}).get("state") == "ok":
            return version(found)
    return ""


def table(results):
    tools = sorted({tool for found in results.values() for tool in found["root"]})
    lines = ["| tool | since | " + " | ".join(version(found) for found in results.values()) + " |",
             "| --- | --- |" + " --- |" * len(results)]
    for tool in tools:
        cells = [cell(tool, found) for found in results.values()]
        lines.append(f"| {tool} | {oldest(tool, results) or '–'} | " + " | ".join(cells) + " |")
    return "\n".join(lines)
