#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# ctest: parallel label=deploy timeout=120
"""The shipped unit under a real systemd: a daemon whose address comes late is started until it comes; one whose
configuration is wrong is not started again, until somebody does."""
import sys

from harness import Systemd, drop_in, free_port, require, wait_for

PORT = free_port()
ADDRESS = "192.0.2.1"  # RFC 5737: for documentation, nobody's
# More than any limit of systemd's own (5 starts in 10 s), or one that would be thought generous.
TRIES = 15
QUICK = "RestartSec=50ms\n"


def address_comes_late():
    with Systemd([drop_in(PORT, ADDRESS) + QUICK], network=True) as systemd:
        systemd.run("systemctl", "start", "--no-block", "kernstat.service")
        wait_for(f"{TRIES} tries", lambda: int(systemd.show("NRestarts")) >= TRIES, 60)
        assert "cannot start" in systemd.log(), systemd.log()[-2000:]
        added = systemd.run("ip", "address", "add", f"{ADDRESS}/32", "dev", "lo")
        assert added.returncode == 0, added.stdout
        wait_for("active, once the address is there", lambda: systemd.show("ActiveState") == "active", 30)
        print(f"active after {systemd.show('NRestarts')} tries")
        # Starts that failed are not taken for bad ends.
        assert "BPF is off" not in systemd.log(), systemd.log()[-2000:]
        systemd.systemctl("stop", "kernstat.service")
        assert systemd.show("Result") == "success"


def wrong_configuration():
    with Systemd([drop_in(PORT, flags="--no-such-flag") + QUICK]) as systemd:
        assert systemd.run("systemctl", "start", "kernstat.service").returncode != 0
        wait_for("given up", lambda: systemd.show("ActiveState") == "failed", 10)
        assert systemd.show("ExecMainStatus") == "2" and systemd.show("NRestarts") == "0", systemd.show("NRestarts")
        print("a wrong flag: not started again")


def main():
    require()
    address_comes_late()
    wrong_configuration()
    return 0


if __name__ == "__main__":
    sys.exit(main())
