#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# ctest: timeout=170
# ctest: label=scrape
"""Debian's Prometheus scrapes the daemon, once plainly (OpenMetrics) and once with native histograms (protobuf): up is 1,
its log has no scrape error and no duplicate, histogram_quantile works on classic and native folds, 10,000 series of a text
file arrive, and promtool finds nothing wrong with our own names."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.parse
import urllib.request

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "daemon"))
from harness import BINARY, PATIENCE, Daemon, free_port  # noqa: E402

MANY = 10_000
FOLD = "kernstat_cpu_busy_ratio"


class Prometheus:
    """A Prometheus that scrapes one target every two seconds."""

    def __init__(self, target_port, *arguments):
        self.directory = tempfile.mkdtemp(prefix="kernstat-prometheus-")
        self.port = free_port()
        self.log_file = os.path.join(self.directory, "log")
        config = os.path.join(self.directory, "prometheus.yml")
        with open(config, "w", encoding="utf-8") as file:
            file.write("global: {scrape_interval: 2s, scrape_timeout: 2s}\n"
                       "scrape_configs:\n"
                       "  - job_name: kernstat\n"
                       f"    static_configs: [{{targets: ['127.0.0.1:{target_port}']}}]\n")
        with open(self.log_file, "w", encoding="utf-8") as log:
            self.process = subprocess.Popen(
                ["prometheus", f"--config.file={config}", f"--storage.tsdb.path={self.directory}/data",
                 f"--web.listen-address=127.0.0.1:{self.port}", "--log.level=debug", *arguments],
                stdout=log, stderr=log, stdin=subprocess.DEVNULL)

    def query(self, expression):
        url = f"http://127.0.0.1:{self.port}/api/v1/query?" + urllib.parse.urlencode({"query": expression})
        with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=10) as response:
            return json.load(response)["data"]["result"]
        return []

    def value(self, expression):
        result = self.query(expression)
        return float(result[0]["value"][1]) if len(result) == 1 else None

    def wait(self, expression, wanted, what):
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            value = self.value(expression)
            if value is not None and wanted(value):
                return value
            time.sleep(0.2)
        raise AssertionError(f"waited in vain for {what}: {expression} = {self.query(expression)}; log:\n"
                             + "\n".join(self.complaints()))

    def complaints(self):
        """What its log says of scrapes; at debug level it names each series that it did not take."""
        words = ("scrape failed", "append failed", "error on ingesting", "duplicate", "out of order", "out-of-order",
                 "invalid metric", "level=warn", "level=error")
        with open(self.log_file, encoding="utf-8") as log:
            return [line for line in log.read().splitlines()
                    if any(word in line.lower() for word in words) and "scrape_manager" not in line.lower()
                    and ("scrape" in line.lower() or "ingest" in line.lower() or "append" in line.lower())]

    def close(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.directory, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def text_file(directory):
    """10,000 series of a gauge, and a classic histogram and a summary, which protobuf must put together again."""
    with open(os.path.join(directory, "many.prom"), "w", encoding="utf-8") as file:
        file.write("# HELP test_many Many.\n# TYPE test_many gauge\n")
        for i in range(MANY):
            file.write(f'test_many{{number="{i}",text="a\\"b\\\\c"}} {i}.5\n')
        file.write("# HELP test_wait_seconds Waits.\n# TYPE test_wait_seconds histogram\n"
                   'test_wait_seconds_bucket{le="0.5"} 1\ntest_wait_seconds_bucket{le="1"} 3\n'
                   'test_wait_seconds_bucket{le="+Inf"} 4\ntest_wait_seconds_sum 5.5\ntest_wait_seconds_count 4\n'
                   "# HELP test_size Sizes.\n# TYPE test_size summary\n"
                   'test_size{quantile="0.5"} 7\ntest_size_sum 21\ntest_size_count 3\n')


class Scraped(unittest.TestCase):
    def scraped(self, native):
        arguments = ["--enable-feature=native-histograms"] if native else []
        with tempfile.TemporaryDirectory() as files:
            text_file(files)
            config = f"collectors:\n  textfile:\n    directories: ['{files}']\n"
            with Daemon(config=config) as daemon, Prometheus(daemon.port, *arguments) as prometheus:
                prometheus.wait("sum_over_time(up[1m])", lambda value: value >= 3, "three scrapes")
                self.assertEqual(prometheus.value("min_over_time(up[1m])"), 1)
                wanted = "protobuf" if native else "openmetrics"
                self.assertGreaterEqual(prometheus.value(f'kernstat_scrapes_total{{format="{wanted}"}}'), 1)
                self.assertEqual(prometheus.value("sum(kernstat_series_dropped_total)"), 0)
                self.folds(prometheus, native)
                self.text_files(prometheus)
                # What arrived is what was sent.
                self.assertGreater(prometheus.value("scrape_samples_scraped"), MANY)
                self.assertEqual(prometheus.value("scrape_samples_scraped"),
                                 prometheus.value("scrape_samples_post_metric_relabeling"))
                duration = prometheus.value("quantile_over_time(0.99, scrape_duration_seconds[1m])")
                print(f"{wanted}: slowest scrape of {MANY} and more series, gzip, {duration * 1e3:.1f} ms")
                self.assertEqual(prometheus.complaints(), [])

    def folds(self, prometheus, native):
        suffix = "" if native else "_bucket"
        by = "" if native else "sum by (le) "
        quantile = f"histogram_quantile(0.99, {by}(rate({FOLD}{suffix}[1m])))"
        value = prometheus.wait(quantile, lambda value: value >= 0, "a quantile of the CPU's busy ratio")
        self.assertLessEqual(value, 1)
        if native:
            self.assertGreater(prometheus.value(f"histogram_count({FOLD})"), 0)
            # The classic form is not there as well, or sums over the name would count twice.
            self.assertEqual(prometheus.query(f"{FOLD}_bucket"), [])
        else:
            self.assertGreater(prometheus.value(f"{FOLD}_count"), 0)
            self.assertEqual(prometheus.value(f'{FOLD}_bucket{{le="+Inf"}}'), prometheus.value(f"{FOLD}_count"))

    def text_files(self, prometheus):
        self.assertEqual(prometheus.value("count(test_many)"), MANY)
        self.assertEqual(prometheus.value("sum(test_many)"), MANY * (MANY - 1) / 2 + MANY * 0.5)
        self.assertEqual(prometheus.value('test_many{number="7",text="a\\"b\\\\c"}'), 7.5)
        self.assertEqual(prometheus.value("test_wait_seconds_count"), 4)
        self.assertEqual(prometheus.value('test_wait_seconds_bucket{le="0.5"}'), 1)
        self.assertEqual(prometheus.value("test_size_sum"), 21)
        self.assertEqual(prometheus.value('test_size{quantile="0.5"}'), 7)

    def test_plainly(self):
        self.scraped(native=False)

    def test_with_native_histograms(self):
        self.scraped(native=True)


class Linted(unittest.TestCase):
    def test_promtool_finds_nothing_wrong_with_our_own_names(self):
        with Daemon() as daemon:
            _, body = daemon.request("/metrics")
        own = [line for line in body.splitlines(keepends=True)
               if line.removeprefix("# HELP ").removeprefix("# TYPE ").startswith("kernstat_")]
        self.assertGreater(len(own), 50)
        checked = subprocess.run(["promtool", "check", "metrics"], input="".join(own), text=True, capture_output=True,
                                 timeout=PATIENCE, check=False)
        self.assertEqual((checked.returncode, checked.stdout, checked.stderr), (0, "", ""))


if __name__ == "__main__":
    for program in ("prometheus", "promtool"):
        if not shutil.which(program):
            print(f"{program} is not installed")
            sys.exit(77)
    if not os.access(BINARY, os.X_OK):
        print(f"{BINARY} is not built")
        sys.exit(77)
    unittest.main()
