# SPDX-License-Identifier: Apache-2.0
"""What the lab makes of its findings: differences from expected.tsv, and the table."""
import os
import re
import subprocess

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.realpath(os.path.join(HERE, "..", ".."))
EXPECTED = os.path.join(HERE, "expected.tsv")
COLUMNS = ("shipped", "root", "other hooks")
# What tools may be in a hostile configuration; programs that read nothing of the kernel run without BTF too.
ALLOWED = {"unprivileged": {"denied"}, "no bpf(2)": {"denied"}, "without BTF": {"unsupported", "ok"},
           "lockdown": {"denied", "ok"}}
# What is said of those that are denied there.
WORDS = {"unprivileged": r"needs CAP_(BPF|SYSLOG)", "no bpf(2)": r"bpf\(2\) is refused", "lockdown": r"kernel lockdown"}


def expected_lines():
    """The lines of expected.tsv, as their five fields."""
    lines = []
    with open(EXPECTED, encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            if line.startswith("#") or not line.strip():
                continue
            fields = line.rstrip("\n").split("\t")
            if len(fields) != 5:
                raise SystemExit(f"tests/lab/expected.tsv:{number}: expected five fields separated by tabs: "
                                 "suite, column, tool, state, reason")
            lines.append(tuple(fields))
    return lines


def expected_differences():
    """{(suite, column, tool): (state, reason)} of expected.tsv."""
    return {line[:3]: line[3:] for line in expected_lines() if line[1] in COLUMNS}


def excused_programs():
    """[(tool, expression that names programs, why they cannot run)] of expected.tsv."""
    return [line[2:] for line in expected_lines() if line[1] == "program"]


def compare(suite, found, whole):
    """The differences between what was found and what is expected, in words. `whole`: all must have been looked at."""
    expected, problems = expected_differences(), []
    for column in COLUMNS:
        for tool, entry in sorted(found.get(column, {}).items()):
            want, why = expected.pop((suite, column, tool), None) or expected.get(("*", column, tool)) or ("ok", "")
            if entry["state"] != want:
                problems.append(f"{suite} {column} {tool}: expected {want}, is {entry['state']}: "
                                f"{entry['reason'] or 'it works: take the line out of expected.tsv'}")
            elif why and not re.search(why, entry["reason"]):
                problems.append(f"{suite} {column} {tool}: {want} for another reason than /{why}/: {entry['reason']}")
    if "shipped" in found and "root" in found:
        problems += [f"{suite} {tool}: denied as shipped; its test does not say '# lab: as root too'"
                     for tool, entry in sorted(found["shipped"].items())
                     if entry["state"] == "denied" and tool not in found["root"]]
    if found.get("balloon", {}).get("state", "ok") != "ok":
        problems.append(f"{suite} balloon: {found['balloon']['reason']}")
    problems += hostile_problems(suite, found.get("hostile", {}))
    if whole:
        problems += [f"{key[0]} {key[1]} {key[2]}: expected.tsv names a tool that is not there"
                     for key in expected if key[0] == suite and key[2] not in found["shipped"]]
        problems += [f"{suite}: nothing was found of: {part}"
                     for part in (*COLUMNS, "balloon", "hostile") if not found.get(part)]
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
        problems += [f"{suite} {name} {tool}: denied, but not for /{WORDS[name]}/: {run['reason'].get(tool)}"
                     for tool, state in sorted(run["state"].items())
                     if state == "denied" and not re.search(WORDS[name], run["reason"].get(tool, ""))]
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


def program_problems(programs, ran, excused):
    """Each program of {tool: programs} has to be in `ran`, {"tool/program"}, or be excused; and what is excused must be
    there and must not have run."""
    problems, excuses = [], []
    for tool, expression, why in excused:
        named = {f"{tool}/{program}" for program in programs.get(tool, ()) if re.fullmatch(expression, program)}
        if not named:
            problems.append(f"{tool}: expected.tsv excuses {expression}, which names no program")
        problems += [f"{each}: it runs: take it out of expected.tsv, where it cannot: {why}"
                     for each in sorted(named & ran)]
        excuses += named
    for tool in sorted(programs):
        problems += [f"{tool}: no kernel ran the program {program}" for program in sorted(programs[tool])
                     if f"{tool}/{program}" not in ran and f"{tool}/{program}" not in excuses]
    return problems


def programs_never_run(build, results):
    """program_problems() of all tools in all kernels."""
    ran = {program for found in results.values() for program in found["programs"]}
    tools = {tool for found in results.values() for tool in found["shipped"]}
    return program_problems({tool: programs_of(build, tool) for tool in tools}, ran, excused_programs())


def version(found):
    return re.match(r"\d+\.\d+", found["kernel"]).group(0)


def kinds(entry):
    return " ".join(sorted({hook.split(":")[0] for hook in entry.get("hooks", [])}))


def counted(tool, found):
    """What the tool's live test found: as shipped or, where it is denied then, as root."""
    as_shipped = found["shipped"].get(tool, {"state": "missing", "reason": ""})
    return found["root"].get(tool, as_shipped) if as_shipped["state"] == "denied" else as_shipped


def cell(tool, found):
    """Hook, events expected and counted, time to load; by other hooks; as shipped."""
    entry = counted(tool, found)
    text = entry["state"]
    if text == "ok":
        text = f"{kinds(entry)} {entry['events'][0]}/{entry['events'][1]}, {entry['load_ms']} ms"
    other = found.get("other hooks", {}).get(tool)
    if other and other["state"] == "ok":
        text += f"; {kinds(other)} {other['events'][0]}/{other['events'][1]}"
    as_shipped = found["shipped"].get(tool, {}).get("state", "ok")
    return text if as_shipped in ("ok", entry["state"]) else f"{text}; shipped: {as_shipped}"


def oldest(tool, results):
    """The oldest kernel of the lab, as 5.10, in which the tool works."""
    for found in results.values():
        if counted(tool, found)["state"] == "ok":
            return version(found)
    return ""


def further_tries(results):
    """Tests that did not succeed at once, in words."""
    return [f"{suite} {column} {tool}: {entry['state']} at try {entry['tries']}: {entry['before']}"
            for suite, found in results.items() for column in COLUMNS
            for tool, entry in sorted(found.get(column, {}).items()) if "tries" in entry]


def table(results):
    tools = sorted({tool for found in results.values() for tool in found["shipped"]})
    lines = ["| tool | since | " + " | ".join(version(found) for found in results.values()) + " |",
             "| --- | --- |" + " --- |" * len(results)]
    for tool in tools:
        cells = [cell(tool, found) for found in results.values()]
        lines.append(f"| {tool} | {oldest(tool, results) or '–'} | " + " | ".join(cells) + " |")
    return "\n".join(lines)
