#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# ctest: label=live
"""First touches, copies on write and the kernel's own touches of user memory fall into their causes."""
import mmap
import os

from common import eventually
from harness import at_least, main

NAME = "kernstat_memory_page_faults_total"
PAGES = 5000
PAGE = os.sysconf("SC_PAGE_SIZE")


def memory():
    area = mmap.mmap(-1, PAGES * PAGE, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    area.madvise(mmap.MADV_NOHUGEPAGE)
    return area


def bounded(tool, act, **labels):
    """All processes count: at least ours, and not many times as many in one of a few tries."""
    def once():
        before = tool.scrape()
        act()
        faults = tool.scrape().delta(before, NAME, **labels)
        at_least(faults, PAGES, f"faults {labels}")
        assert faults < 3 * PAGES, f"{faults} faults {labels}"
    eventually(once, 5)


def touch(area):
    for at in range(0, PAGES * PAGE, PAGE):
        area[at] = 1


def writes_of_missing_pages(tool):
    bounded(tool, lambda: touch(memory()), mode="user", cause="write_missing")


def reads_of_missing_pages(tool):
    def act():
        area = memory()
        sum(area[at] for at in range(0, PAGES * PAGE, PAGE))
    bounded(tool, act, mode="user", cause="read_missing")


def copies_on_write(tool):
    def act():
        area = memory()
        touch(area)
        child = os.fork()
        if child == 0:
            touch(area)
            os._exit(0)
        os.waitpid(child, 0)
    bounded(tool, act, mode="user", cause="write_protected")


def the_kernel_writes_user_memory(tool):
    def act():
        area = memory()
        with open("/dev/zero", "rb", buffering=0) as zero:
            zero.readinto(area)
    bounded(tool, act, mode="kernel", cause="write_missing")


main("pagefaults", writes_of_missing_pages, reads_of_missing_pages, copies_on_write,
     the_kernel_writes_user_memory)
