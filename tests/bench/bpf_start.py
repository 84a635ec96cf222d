# SPDX-License-Identifier: Apache-2.0
"""How long kernstatd takes from its start until it is ready, and its memory, with all BPF tools on."""
import contextlib
import os
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

from scrape import free_port, resident_bytes

LIMIT = 60


def fetch(port, path):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as answer:
        return answer.read().decode()


def wait_until_ready(process, port):
    begin = time.monotonic()
    while True:
        with contextlib.suppress(OSError, urllib.error.URLError):
            fetch(port, "/-/ready")
            return time.monotonic() - begin
        assert process.poll() is None, "kernstatd ended"
        assert time.monotonic() - begin < LIMIT, "kernstatd does not become ready"
        time.sleep(0.01)


def start(build, tools):
    """Seconds to ready, resident bytes five seconds later, and how many of the tools run then."""
    with tempfile.TemporaryDirectory() as directory:
        config = os.path.join(directory, "kernstatd.yaml")
        port = free_port()
        with open(config, "w", encoding="utf-8") as file:
            file.write(f"bpf:\n  dir: {os.path.abspath(build)}/bpf\n  tools:\n")
            file.writelines(f"    {tool}: {{enabled: true}}\n" for tool in tools)
        process = subprocess.Popen([f"{build}/kernstatd", f"--config.file={config}",
                                    f"--web.listen-address=127.0.0.1:{port}"],
                                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            seconds = wait_until_ready(process, port)
            page = fetch(port, "/metrics")
            time.sleep(5)
            running = sum(f'kernstat_bpf_tool_load_seconds{{tool="{tool}"}}' in page for tool in tools)
            return seconds, resident_bytes(process.pid), running
        finally:
            process.terminate()
            process.wait(timeout=20)
