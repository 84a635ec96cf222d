#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the dashboards.

usage: dashboards.py DIRECTORY    writes one NAME.json a dashboard there, for Grafana's import or provisioning
"""
import json
import pathlib
import sys

import device_dashboards
import host_dashboards
import overview_dashboard

ALL = {"overview": overview_dashboard.overview, "memory": host_dashboards.memory, "cpu": host_dashboards.cpu,
       "block": device_dashboards.block, "filesystems": device_dashboards.filesystems, "tcp": device_dashboards.tcp,
       "packets": device_dashboards.packets, "own": host_dashboards.own}


def main():
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    directory = pathlib.Path(sys.argv[1])
    directory.mkdir(parents=True, exist_ok=True)
    for name, make in ALL.items():
        (directory / f"{name}.json").write_text(json.dumps(make(), indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
