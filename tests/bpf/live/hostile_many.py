#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# ctest: label=live timeout=300
"""Ten thousand cgroups that come and go, and ten thousand connections: nothing is lost or called by another's name, and
memory stays bounded."""
import os
import sys
import time

from common_net import connected, inside_namespaces, listener, own_net_namespace
from harness import Tool, build_dir, expect, near, need_root, skip

MANY = 10_000
TOOLS = os.path.join(build_dir(), "tests/bpf/tools")
EXITS = "kernstat_test_group_exits_total"
CLOSED = "kernstat_tcp_connections_closed_total"
STEP = MANY // 20


def resident_mib(pid):
    with open(f"/proc/{pid}/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


def hierarchy():
    """Where workloads are named: as the daemon chooses it."""
    for path in ("/sys/fs/cgroup/memory", "/sys/fs/cgroup"):
        if os.access(path + "/cgroup.procs", os.W_OK):
            return path
    skip("no cgroup hierarchy to make groups in")


def live_and_die_in(path):
    os.mkdir(path)
    pid = os.fork()
    if pid == 0:
        with open(path + "/cgroup.procs", "w", encoding="ascii") as file:
            file.write("0")
        os._exit(0)
    os.waitpid(pid, 0)
    for _ in range(100):
        try:
            os.rmdir(path)
            return
        except OSError:
            time.sleep(0.001)
    raise AssertionError(f"{path} stays")


def cgroups():
    prefix = f"{hierarchy()}/kernstat-{os.getpid()}-"
    with Tool("hostile", directory=TOOLS, only_tgid=os.getpid()) as tool:
        before, most, size = tool.scrape(), 0, resident_mib(tool.pid)
        for i in range(MANY):
            live_and_die_in(prefix + str(i))
            if i % STEP == 0:
                scrape = tool.scrape()
                expect(scrape.delta(before, EXITS), i + 1, "exits so far")
                labels = [labels["workload"] for labels, _ in scrape.select(EXITS)]
                most = max(most, len(labels))
                # No child ended elsewhere.
                wrong = [name for name in labels if name != "other" and not name.startswith(prefix[len(hierarchy()):])]
                expect(wrong, [], "labels of others")
        after = tool.scrape()
        for _ in range(20):  # each read looks whether some of the groups still exist
            after = tool.scrape()
        expect(after.delta(before, EXITS), MANY, "exits")
        expect(after.delta(before, EXITS, workload="other"), MANY, "groups that have gone are other")
        assert most <= 17, f"{most} series in a map of 16"
        grown = resident_mib(tool.pid) - size
        assert grown < 16, f"{grown:.1f} MiB more memory after {MANY} cgroups"
        print(f"ok hostile_many: cgroups ({after.sum('kernstat_bpf_series_aged_total', map='groups'):.0f} left, "
              f"{after.sum('kernstat_bpf_map_full_total', map='groups'):.0f} found no room, {grown:.1f} MiB)")


def connections():
    with Tool("tcplife", only_net_namespace=own_net_namespace()) as life, \
            Tool("tcpstates", only_net_namespace=own_net_namespace()) as states, listener(backlog=64) as server:
        before, size = life.scrape(), resident_mib(life.pid)
        states.scrape()
        for i in range(MANY):
            client, accepted = connected(server)
            client.close()
            accepted.close()
            if i % STEP == 0:
                life.scrape()
                states.scrape()
        time.sleep(0.5)
        after = life.scrape()
        for role in ("active", "passive"):
            # Some hosts hide from BPF what interrupts certain tasks: then a few are not seen.
            near(after.delta(before, CLOSED, role=role, reason="fin"), MANY, 0.01, role)
        expect(after.lost() + states.scrape().lost(), 0, "lost")
        grown = resident_mib(life.pid) - size
        assert grown < 16, f"{grown:.1f} MiB more memory after {MANY} connections"
    print("ok hostile_many: connections")


need_root()
if not os.environ.get("KERNSTAT_INSIDE"):
    cgroups()
inside_namespaces()
connections()
sys.exit(0)
