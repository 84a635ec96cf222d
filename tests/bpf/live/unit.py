#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# ctest: label=live timeout=120
"""The cases of the unit tests that need BPF: maps that change while they are read, ticks that allocate nothing."""
import os
import subprocess
import sys

from harness import build_dir, need_root

need_root()
sys.exit(subprocess.run([os.path.join(build_dir(), "tests/unit_tests"), "[.bpf]"], check=False).returncode)
