# SPDX-License-Identifier: Apache-2.0
"""The daemon, two Prometheus servers with the shipped rules (one takes native histograms, one classic) and some load."""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import urllib.parse
import urllib.request

from load import Load, free_port

BUILD = pathlib.Path(os.environ["KERNSTAT_BUILD"])
SOURCE = pathlib.Path(os.environ["KERNSTAT_SOURCE"])
MODES = ("classic", "native")

# Tools that are off by default but have panels.
CONFIG = """
bpf: {tools: {runqlat: {enabled: true}, qdisclat: {enabled: true}, gethostlatency: {enabled: true}}}
# The load's own mounts and those of the machine it runs on are of no interest.
collectors:
  filesystem: {mount_points_exclude: '^/(dev|proc|sys|run|mnt|var/tmp)($|/)'}
  netdev: {fold_kind_exclude: ''}  # the load's link is a pair of veth
"""


def skip(reason):
    print(f"skipped: {reason}")
    sys.exit(77)


def require():
    """Skips where it cannot be; else goes on in namespaces of its own, with interfaces of its own."""
    if os.geteuid() != 0:
        skip("needs root: BPF tools")
    if not shutil.which("prometheus"):
        skip("prometheus is not installed")
    if not (BUILD / "grafana/overview.json").exists():
        skip("the dashboards are not built (target dashboards)")
    if not os.environ.get("KERNSTAT_INSIDE"):
        os.execvpe("unshare", ["unshare", "--net", "--pid", "--fork", "--kill-child", "--mount-proc", "--propagation=private",
                               sys.executable, *sys.argv], {**os.environ, "KERNSTAT_INSIDE": "1"})
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)


class Stack:
    """Use as a context; `ports` maps the modes to the servers."""

    def __init__(self, scrape_interval="2s"):
        # Not below /tmp, which may be in memory: its files must reach a disk.
        self._directory = tempfile.TemporaryDirectory(prefix="kernstat-stack-", dir="/var/tmp")
        self.root = pathlib.Path(self._directory.name)
        self._interval = scrape_interval
        self._processes = []
        self.ports = {}
        self.load = Load(self.root)

    def _start(self, name, *command):
        log = open(self.root / f"{name}.log", "wb")
        self._processes.append(subprocess.Popen(list(map(str, command)), stdout=log, stderr=log, cwd=self.root))

    def __enter__(self):
        daemon_port = free_port()
        (self.root / "kernstatd.yaml").write_text(CONFIG)
        self._start("kernstatd", BUILD / "kernstatd", "--config.file", self.root / "kernstatd.yaml",
                    "--web.listen-address", f"127.0.0.1:{daemon_port}")
        config = {"global": {"scrape_interval": self._interval, "scrape_timeout": self._interval,
                             "evaluation_interval": self._interval},
                  "rule_files": [str(BUILD / "prometheus/kernstat-*.yaml")],
                  "scrape_configs": [{"job_name": "node", "static_configs": [{"targets": [f"127.0.0.1:{daemon_port}"]}]}]}
        (self.root / "prometheus.json").write_text(json.dumps(config))  # JSON is YAML
        for mode in MODES:
            self.ports[mode] = free_port()
            flags = ["--enable-feature=native-histograms"] if mode == "native" else []
            self._start(mode, "prometheus", f"--config.file={self.root}/prometheus.json", *flags,
                        f"--storage.tsdb.path={self.root}/{mode}", f"--web.listen-address=127.0.0.1:{self.ports[mode]}")
        self.load.start()
        return self

    def __exit__(self, *_):
        self.load.stop()
        for process in self._processes:
            process.terminate()
        for process in self._processes:
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self._directory.cleanup()

    def check_alive(self):
        for process in self._processes:
            if process.poll() is not None:
                logs = "\n".join(path.read_text(errors="replace")[-1500:] for path in self.root.glob("*.log"))
                raise AssertionError(f"{process.args[0]} ended: {process.returncode}\n{logs}")

    def get(self, mode, path, **parameters):
        url = f"http://127.0.0.1:{self.ports[mode]}/api/v1/{path}?{urllib.parse.urlencode(parameters, doseq=True)}"
        with urllib.request.urlopen(url, timeout=20) as answer:
            return json.load(answer)["data"]


def dashboards():
    return {path.stem: json.loads(path.read_text()) for path in sorted((BUILD / "grafana").glob("*.json"))}


def substitute(text, interval="30s"):
    for name in ("job", "instance", "device"):
        text = text.replace(f"${name}", ".+")
    return text.replace("$__rate_interval", interval)
