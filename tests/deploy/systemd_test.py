#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# ctest: parallel label=deploy timeout=120
"""The shipped unit under a real systemd: starts as nobody in particular with the two capabilities, attaches BPF
tools, reloads, stops cleanly."""
import os
import pathlib
import sys
import urllib.request

from harness import Systemd, drop_in, free_port, require, wait_for

CAP_PERFMON, CAP_BPF = 1 << 38, 1 << 39
PORT = free_port()


def status_of(path):
    fields = dict(line.split(":", 1) for line in pathlib.Path(path, "status").read_text().splitlines())
    return {name: value.split() for name, value in fields.items()}


def scrape(port=PORT):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
        lines = answer.read().decode().splitlines()
    return {series: float(value) for series, value in
            (line.rsplit(" ", 1) for line in lines if line and not line.startswith("#"))}


def check_privileges(pid):
    allowed = CAP_PERFMON | CAP_BPF
    process = status_of(f"/proc/{pid}")
    assert 61184 <= int(process["Uid"][0]) <= 65519, f"not a dynamic user: {process['Uid']}"
    assert int(process["CapBnd"][0], 16) == allowed, process["CapBnd"]
    assert process["NoNewPrivs"] == ["1"] and process["Seccomp"] == ["2"], process
    held = {}
    for thread in pathlib.Path(f"/proc/{pid}/task").iterdir():
        fields = status_of(thread)
        held[f"{fields['Name'][0]} {thread.name}"] = int(fields["CapEff"][0], 16)
    print(f"{len(held)} threads; with capabilities:", {name: hex(caps) for name, caps in held.items() if caps})
    assert all(caps & ~allowed == 0 for caps in held.values())
    assert sum(caps != 0 for caps in held.values()) <= 1, "more than the BPF thread keeps capabilities"


def tools(samples, state):
    """BPF tools in a state: every shipped tool is a collector of its own name."""
    names = {path.name.removesuffix(".bpf.o") for path in
             (pathlib.Path(os.environ["KERNSTAT_BUILD"]) / "bpf").glob("*.bpf.o")}
    return {name for name in names
            if samples.get(f'kernstat_collector_state{{collector="{name}",state="{state}"}}') == 1}


def main():
    require()
    with Systemd([drop_in(PORT)]) as systemd:
        systemd.systemctl("start", "kernstat.service")  # Type=notify: returns when READY=1 came
        assert systemd.show("ActiveState") == "active"
        pid = systemd.main_pid()
        check_privileges(pid)
        # READY does not wait for ever: a tool that loads slowly on a busy machine may come a little later.
        wait_for("the first reads", lambda: not any('state="starting"' in series for series in scrape()), 30)
        before = scrape()
        attached = tools(before, "ok")
        print(f"{len(attached)} tools attached: {sorted(attached)}; denied: {sorted(tools(before, 'denied'))}")
        assert "biolatency" in attached and len(attached) >= 3, systemd.log()[-2000:]
        name = "kernstat_config_last_reload_success_timestamp_seconds"
        systemd.systemctl("reload", "kernstat.service")
        wait_for("a reload", lambda: scrape()[name] > before[name], 10)
        assert systemd.main_pid() == pid and systemd.show("ActiveState") == "active"
        systemd.systemctl("stop", "kernstat.service")
        assert systemd.show("Result") == "success" and systemd.show("ExecMainStatus") == "0"
        assert systemd.show("NRestarts") == "0"
        assert not os.path.exists(f"/proc/{systemd.pid}/root/run/kernstat/running"), "the record of the run stays"
    return 0


if __name__ == "__main__":
    sys.exit(main())
