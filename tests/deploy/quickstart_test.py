#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# ctest: parallel label=deploy timeout=60
"""The quickstart: Prometheus scrapes the daemon and has the rules; Ctrl-C ends both."""
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import urllib.request

from harness import BUILD, free_port, skip, wait_for

SOURCE = pathlib.Path(os.environ["KERNSTAT_SOURCE"])
DAEMON, PROMETHEUS = free_port(), free_port()


def ask(query):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{PROMETHEUS}/api/v1/{query}", timeout=5) as answer:
            return json.load(answer)["data"]
    except OSError:
        return None


def main():
    if not shutil.which("prometheus"):
        skip("prometheus is not installed")
    if not (BUILD / "prometheus/kernstat-alerts.yaml").exists():
        skip("the rules are not built (target rules)")
    environment = {**os.environ, "BUILD": str(BUILD.relative_to(SOURCE)), "PORT_KERNSTAT": str(DAEMON),
                   "PORT_PROMETHEUS": str(PROMETHEUS)}
    # A session of its own, so that the signal goes to all of it as a terminal's does.
    process = subprocess.Popen([SOURCE / "deploy/quickstart"], env=environment, start_new_session=True)
    try:
        def scraped():
            assert process.poll() is None, f"it ended: {process.returncode}"
            answer = ask("query?query=kernstat_build_info")
            return answer and answer["result"]
        wait_for("a scrape", scraped, 40)
        assert len(ask("rules")["groups"]) >= 8
    finally:
        os.killpg(process.pid, signal.SIGINT)
        result = process.wait(20)
    assert result == 0, f"Ctrl-C: {result}"
    left = subprocess.run(["pgrep", "-s", str(process.pid)], stdout=subprocess.PIPE, text=True, check=False).stdout
    assert not left, f"still running: {left}"
    return 0


if __name__ == "__main__":
    sys.exit(main())
