#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# ctest: parallel label=deploy timeout=180
"""When the scheduler stalls the service manager restarts the daemon; after two such restarts it leaves BPF out."""
import ctypes
import os
import pathlib
import sys

from harness import Systemd, drop_in, require, skip, wait_for
from systemd_test import scrape, tools, PORT

PTRACE_SEIZE, PTRACE_INTERRUPT = 0x4206, 0x4207
WALL = 0x40000000
libc = ctypes.CDLL(None, use_errno=True)


def stall(pid):
    """Stops the thread that ticks the fast collectors, and only it, as a lock or a stuck system call would."""
    thread = next(int(path.name) for path in pathlib.Path(f"/proc/{pid}/task").iterdir()
                  if (path / "comm").read_text().strip() == "kernstat-fast")
    if os.fork() != 0:
        return
    # The tracer: it must take note of the thread's end, or the daemon would never be gone.
    for request in (PTRACE_SEIZE, PTRACE_INTERRUPT):
        if libc.ptrace(request, thread, None, None) != 0:
            os._exit(1)
    try:
        while True:
            os.waitpid(-1, WALL)
    except ChildProcessError:
        os._exit(0)


def main():
    if not os.environ.get("KERNSTAT_FULL"):
        skip("takes 40 s of waiting; KERNSTAT_FULL=1 runs it")
    require()
    with Systemd([drop_in(PORT) + "WatchdogSec=2s\nRestartSec=1s\n"]) as systemd:
        systemd.systemctl("start", "kernstat.service")
        assert tools(scrape(), "ok"), "no tool attached before"
        for restart in (1, 2):
            pid = systemd.main_pid()
            stall(pid)
            wait_for("the watchdog", lambda: systemd.show("Result") == "watchdog", 40)
            wait_for(f"restart {restart}", lambda: systemd.show("NRestarts") == str(restart), 40)
            wait_for("active again", lambda: systemd.show("ActiveState") == "active", 20)
            assert systemd.main_pid() not in (0, pid)
        samples = scrape()
        assert samples.get('kernstat_bpf_off{reason="restarts"}') == 1, "BPF is not off"
        assert not tools(samples, "ok"), "tools run all the same"
        assert samples['kernstat_collector_state{collector="stat",state="ok"}'] == 1
        # A clean end forgets: the next start has BPF again.
        systemd.systemctl("restart", "kernstat.service")
        assert tools(scrape(), "ok") and "kernstat_bpf_off" not in str(scrape())
        systemd.systemctl("stop", "kernstat.service")
        assert systemd.show("Result") == "success"
    return 0


if __name__ == "__main__":
    sys.exit(main())
