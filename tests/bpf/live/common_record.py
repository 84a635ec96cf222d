# SPDX-License-Identifier: Apache-2.0
"""What the kernel itself records of its tracepoints, to compare with."""
import contextlib
import os

from common_undone import undone
from harness import in_lab

INSTANCES = "/sys/kernel/tracing/instances"


def is_there(*events):
    """Whether this host lets us record these events, SYSTEM/NAME."""
    return all(os.path.isdir(f"/sys/kernel/tracing/events/{event}") for event in events) and os.path.isdir(INSTANCES)


class Record:
    """The kernel's record of some tracepoints, in a ring of our own: {"SYSTEM/NAME": filter or None}. Use with
    `with`."""

    def __init__(self, events):
        self.events = events
        self.path = f"{INSTANCES}/kernstat-{os.getpid()}"

    def set(self, file, value):
        with open(f"{self.path}/{file}", "w", encoding="ascii") as out:
            out.write(value)

    def __enter__(self):
        os.mkdir(self.path)
        # A lab ends with its guest, where each process costs much.
        self.gone = contextlib.ExitStack()
        if in_lab():
            self.gone.callback(os.rmdir, self.path)
        else:
            self.gone.enter_context(undone("rmdir", self.path))
        self.set("buffer_size_kb", "16000")
        for event, condition in self.events.items():
            if condition:
                self.set(f"events/{event}/filter", condition)
            self.set(f"events/{event}/enable", "1")
        return self

    def stop(self):
        """{NAME: the lines of its events}, and no more from now on."""
        for event in self.events:
            self.set(f"events/{event}/enable", "0")
        lines = {event.split("/")[1]: [] for event in self.events}
        with open(self.path + "/trace", encoding="utf-8", errors="replace") as trace:
            for line in trace:
                for name in lines:
                    if f" {name}: " in line:
                        lines[name].append(line)
        return lines

    def __exit__(self, *_):
        self.gone.close()
        return False
