# SPDX-License-Identifier: Apache-2.0
"""Starting kernstatd as a user would, and talking to it."""

import contextlib
import http.client
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time

BUILD = os.environ.get("KERNSTAT_BUILD", "build/dev")
BINARY = os.path.join(BUILD, "kernstatd")

# How long anything may take on a machine that does other things as well.
PATIENCE = 60


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def run(*arguments, env=None):
    """Runs a command that ends by itself."""
    return subprocess.run([BINARY, *arguments], capture_output=True, text=True, timeout=PATIENCE, check=False,
                          env={**os.environ, **(env or {})})


class Daemon:
    """A running kernstatd on a port of its own, without BPF unless told otherwise. `within`: a command that runs it."""

    def __init__(self, *arguments, config=None, env=None, bpf=False, wait=True, within=()):
        self.directory = tempfile.mkdtemp(prefix="kernstat-test-")
        self.port = free_port()
        self.config_file = os.path.join(self.directory, "kernstatd.yaml")
        self.write_config(config or "")
        self.log_file = os.path.join(self.directory, "log")
        command = [*within, BINARY, f"--config.file={self.config_file}", f"--web.listen-address=127.0.0.1:{self.port}"]
        if not bpf:
            command.append("--bpf=off")
        with open(self.log_file, "w", encoding="utf-8") as log:
            self.process = subprocess.Popen([*command, *arguments], stderr=log, stdin=subprocess.DEVNULL,
                                            env={**os.environ, **(env or {})})
        if wait:
            self.wait_log("kernstatd is ready")

    def write_config(self, text):
        with open(self.config_file + ".new", "w", encoding="utf-8") as file:
            file.write(text)
        os.rename(self.config_file + ".new", self.config_file)

    def log(self):
        with open(self.log_file, encoding="utf-8") as file:
            return file.read()

    def wait(self, condition, what):
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            if condition():
                return
            time.sleep(0.01)
        raise AssertionError(f"waited in vain for {what}; log:\n{self.log()}")

    def wait_log(self, text, count=1):
        def there():
            if self.log().count(text) >= count:
                return True
            if self.process.poll() is not None and self.log().count(text) < count:
                raise AssertionError(f"ended with {self.process.returncode}; log:\n{self.log()}")
            return False

        self.wait(there, repr(text))

    def request(self, path, method="GET", headers=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        with contextlib.closing(connection):
            connection.request(method, path, headers=headers or {})
            response = connection.getresponse()
            return response.status, response.read().decode()

    def metrics(self, path="/metrics"):
        """Sample text (name and labels) to value."""
        status, body = self.request(path)
        assert status == 200, (status, body)
        return parse(body)

    def end(self, with_signal=signal.SIGTERM):
        """Exit code and seconds that the end took."""
        begin = time.monotonic()
        self.process.send_signal(with_signal)
        code = self.process.wait(timeout=PATIENCE)
        return code, time.monotonic() - begin

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.directory, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def parse(text):
    samples = {}
    for line in text.splitlines():
        if line and not line.startswith("#"):
            match = re.fullmatch(r"(\S+?(?:\{.*\})?) (\S+)", line)
            assert match, line
            assert match.group(1) not in samples, line
            samples[match.group(1)] = float(match.group(2))
    return samples
