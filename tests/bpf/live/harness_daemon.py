# SPDX-License-Identifier: Apache-2.0
"""The live tests' tool when it runs in a kernstatd that runs already: KERNSTAT_DAEMON names it, host:port."""
import http.client
import re
import time

PATIENCE = 100
STATE = "kernstat_collector_state"
STAMP = "kernstat_collector_last_success_timestamp_seconds"
DURATION = "kernstat_collector_duration_seconds"
INTERVAL = "kernstat_collector_interval_seconds"


class Unavailable(Exception):
    """The daemon runs, and this tool does not: state and reason."""

    def __init__(self, state, reason):
        super().__init__(f"{state}: {reason}")
        self.state, self.reason = state, reason


def row_of(page, name):
    """What the daemon's page for people says of a collector."""
    row = re.search(rf"<tr[^>]*>\s*<td[^>]*>{name}<.*?</tr>", page, re.S)
    return " ".join(re.sub(r"<[^>]*>", " ", row.group(0)).split()) if row else ""


class DaemonTool:
    """What harness.Tool is, of a tool in the daemon. One connection serves all scrapes, so that they
    are no connections among those that a test counts."""

    def __init__(self, address, name, scrape_of):
        self.name, self.scrape_of = name, scrape_of
        self.connection = http.client.HTTPConnection(address, timeout=PATIENCE)
        end = time.monotonic() + PATIENCE
        while (state := self.state()) == "starting":
            if time.monotonic() > end:
                raise AssertionError(f"{name} does not start")
            time.sleep(0.2)
        if state != "ok":
            raise Unavailable(state, self.reason())

    def get(self, path):
        for last in (False, True):
            try:
                self.connection.request("GET", path)
                return self.connection.getresponse().read().decode()
            except (http.client.HTTPException, ConnectionError):
                # The daemon closes connections that rest.
                self.connection.close()
                if last:
                    raise

    def read(self):
        return self.scrape_of(self.get(f"/metrics?collect[]={self.name}"))

    def state(self):
        states = self.read().select(STATE, collector=self.name)
        return states[0][0]["state"] if states else "missing"

    def reason(self):
        return row_of(self.get("/"), self.name)

    def scrape(self):
        """The first sample whose reading began after this was asked."""
        asked, end = time.time(), time.monotonic() + PATIENCE
        while True:
            scrape = self.read()
            stamp, duration = scrape.sum(STAMP), scrape.sum(DURATION)
            if stamp - duration > asked:
                scrape.time = stamp
                return scrape
            if time.monotonic() > end:
                raise AssertionError(f"{self.name} is not read any more: {self.reason()}")
            time.sleep(max(0.03, stamp + scrape.sum(INTERVAL) - time.time() + 0.02))

    def hooks(self):
        return {(labels["kind"], labels["target"]) for labels, _ in self.read().select("kernstat_bpf_hook_info")}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.connection.close()
        return False
