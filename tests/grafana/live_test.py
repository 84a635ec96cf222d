#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# ctest: label=deploy timeout=300
"""Every query of every panel, and every variable, gives something in a live Prometheus, be its histograms classic or
native. What this machine cannot show is listed with the reason."""
import json
import os
import re
import sys
import time
import urllib.error

from stack import MODES, Stack, dashboards, require, skip, substitute

SECONDS = 80  # the slowest source that panels show is read every 30 s

# Metric: why a host may have no such series. A query of only such metrics may be empty.
MAY_BE_ABSENT = {
    "kernstat_block_io_errors_total": "no request failed",
    "kernstat_fs_sync_errors_total": "no fsync failed",
    "kernstat_dns_lookup_duration_seconds": "the tool gethostlatency may not attach to the C library here",
    "kernstat_block_bio_duration_seconds": "no dm, md or zram device is in use",
    "kernstat_block_io_requeued_total": "no driver gave a request back",
    "kernstat_memory_dirty_throttle_seconds": "no writer was held back",
    "kernstat_memory_reclaim_duration_seconds": "memory is not short: nothing was reclaimed by tasks",
    "kernstat_fs_journal": "the tool jbd2 needs an ext4 journal that commits",
    "kernstat_fs_writeback_duration_seconds": "no pass of a flusher thread ended",
    "kernstat_fs_writeback_bytes_total": "no pass of a flusher thread ended",
    "kernstat_fs_file_lifespan_seconds": "no file of ext4, xfs or btrfs was removed for good",
    "kernstat_bpf_hook_unavailable": "every best hook could be used",
    "kernstat_bpf_lost_total": "no tool that runs can lose events in this way",
    "kernstat_cpu_run_queue_wait_seconds": "the tool runqlat finds no hook in this kernel",
    "kernstat_net_qdisc_delay_seconds": "no queueing discipline made a packet wait",
    "node_nf_conntrack_entries": "connections are not tracked here",
}


def allowed(expr):
    return next((f"{metric}: {reason}" for metric, reason in MAY_BE_ABSENT.items() if metric in expr), None)


def has_value(result):
    """A result that is not only NaN: a quantile of nothing is no data to look at."""
    return any(one.get("histogram") or one.get("value", [0, "NaN"])[1] != "NaN" for one in result)


def check_queries(stack, mode, name, board):
    empty, excused, full = [], [], 0
    for panel in board["panels"]:
        for target in panel.get("targets", []):
            where = f"{name} / {panel['title']} / {target['refId']} ({mode})"
            try:
                result = stack.get(mode, "query", query=substitute(target["expr"]))["result"]
            except urllib.error.HTTPError as error:
                empty.append(f"{where}: {json.load(error).get('error')}")
                continue
            if has_value(result):
                full += 1
            elif allowed(target["expr"]):
                excused.append(f"{where}: {allowed(target['expr'])}")
            else:
                empty.append(f"{where}: no data: {target['expr']}")
    return empty, excused, full


def check_variables(stack, mode, name, board):
    for one in board["templating"]["list"]:
        if one["type"] == "query":
            series, label = re.fullmatch(r"label_values\((.+), (\w+)\)", substitute(one["query"]["query"])).groups()
            if not stack.get(mode, f"label/{label}/values", **{"match[]": series}):
                yield f"{name} ${one['name']} ({mode}): no values"


def check_forms(stack):
    """Each server really has the form that it is there for."""
    name = "kernstat_block_io_duration_seconds"
    native = stack.get("native", "query", query=name)["result"]
    assert native and all("histogram" in one for one in native), "no native histograms where they are switched on"
    assert stack.get("classic", "query", query=f"{name}_bucket")["result"], "no classic buckets"
    assert not stack.get("classic", "query", query=name)["result"]


def plain(metric):
    return tuple(sorted((key, value) for key, value in metric.items() if key not in ("__name__", "le")))


def recorded(stack, mode):
    """{(record, labels): value} of the quantiles and means of all histograms on a host."""
    result = stack.get(mode, "query", query='{__name__=~"instance:kernstat_.+:(p50|p90|p99|mean)"}')["result"]
    return {(one["metric"]["__name__"], plain(one["metric"])): float(one["value"][1]) for one in result}


def classic_bounds(stack):
    """{(histogram, labels): its bounds}, of those that saw five or more a second."""
    busy = {}
    for one in stack.get("classic", "query", query='{__name__=~"kernstat_.+_bucket"}')["result"]:
        key = (one["metric"]["__name__"].removesuffix("_bucket"), plain(one["metric"]))
        busy.setdefault(key, []).append(float(one["metric"]["le"]))
    counts = {}
    for name in {name for name, _ in busy}:
        for one in stack.get("classic", "query", query=f"rate({name}_count[30s])")["result"]:
            counts[(name, plain(one["metric"]))] = float(one["value"][1])
    # What is folded has one observation a second.
    return {key: sorted(bounds) for key, bounds in busy.items()
            if counts.get(key, 0) >= (0.5 if "ratio" in key[0] else 5)}


def nearby(stack, histogram, labels, what):
    """The classic quantiles around one: where many values are small and some large, a few more of one kind move it far."""
    q = {"p50": 0.5, "p90": 0.9, "p99": 0.99}[what]
    selection = ",".join(f'{name}="{value}"' for name, value in labels)
    for near in (max(q - 0.15, 0), min(q + 0.15, 1)):
        expr = f"histogram_quantile({near}, rate({histogram}_bucket{{{selection}}}[5m]))"
        yield float(stack.get("classic", "query", query=expr)["result"][0]["value"][1])


def compare_forms(stack):
    """A quantile in the native form lies in the classic bucket that the classic form finds it in, or at its edge; means
    agree. The two servers scrape at different moments."""
    bounds, classic, native = classic_bounds(stack), recorded(stack, "classic"), recorded(stack, "native")
    compared = 0
    for key in sorted(classic.keys() & native.keys()):
        (record, labels), ours, theirs = key, classic[key], native[key]
        _, histogram, what = record.split(":")
        if (histogram, labels) not in bounds or ours != ours:
            continue
        compared += 1
        low = max((bound for bound in bounds[(histogram, labels)] if bound < ours), default=0)
        high = min((bound for bound in bounds[(histogram, labels)] if bound >= ours), default=ours)
        good = abs(ours - theirs) <= 0.3 * max(ours, theirs) if what == "mean" else 0.6 * low <= theirs <= 1.6 * max(high, ours)
        if not good and what != "mean":
            below, above = nearby(stack, histogram, labels, what)
            good = 0.6 * below <= theirs <= 1.6 * above
        if not good:
            yield f"{record}{dict(labels)}: classic {ours:g} (from {low:g} to {high:g}), native {theirs:g}"
    print(f"{compared} records compared in both forms")
    if compared < 40:
        yield f"only {compared} records could be compared"


def check_own_health(stack):
    """Nothing of what the daemon says is left out of a scrape, and no collector fails under the load."""
    for query in ("kernstat_series_dropped_total > 0", 'kernstat_collector_state{state="failed"} == 1'):
        for one in stack.get("classic", "query", query=query)["result"]:
            yield f"{query}: {one['metric']}"
    log = (stack.root / "kernstatd.log").read_text(errors="replace")
    yield from (line for line in log.splitlines() if "left series out" in line)


def main():
    if not os.environ.get("KERNSTAT_FULL"):
        skip(f"runs for {SECONDS} s; KERNSTAT_FULL=1 runs it")
    require()
    empty, excused, full = [], [], 0
    with Stack() as stack:
        for _ in range(SECONDS):
            time.sleep(1)
            stack.check_alive()
        check_forms(stack)
        empty += [*compare_forms(stack), *check_own_health(stack)]
        for mode in MODES:
            for name, board in dashboards().items():
                missing, listed, good = check_queries(stack, mode, name, board)
                empty += missing + list(check_variables(stack, mode, name, board))
                excused += listed
                full += good
            failing = [rule for group in stack.get(mode, "rules")["groups"] for rule in group["rules"]
                       if rule["health"] == "err"]
            empty += [f"rule {rule['name']} ({mode}): {rule['lastError']}" for rule in failing]
            firing = {f"{alert['labels']['alertname']}{alert['labels']}" for alert in stack.get(mode, "alerts")["alerts"]
                      if alert["state"] == "firing"}
            print(f"alerts that fire ({mode}): {sorted(firing) or 'none'}")
    for line in excused:
        print(f"absent here: {line}")
    for line in empty:
        print(f"EMPTY {line}")
    print(f"{full} queries with data, {len(excused)} absent with a reason, {len(empty)} wrong")
    return 1 if empty else 0


if __name__ == "__main__":
    sys.exit(main())
