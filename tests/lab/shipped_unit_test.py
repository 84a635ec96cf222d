#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# ctest: parallel
"""What the lab makes of the shipped unit: what it knows it does, and what it does not know it refuses."""
import resource
import unittest

from shipped_unit import UNIT, Unit, UnknownLine, capabilities, check_shipped_flags, settings_of


def text():
    with open(UNIT, encoding="utf-8") as file:
        return file.read()


class ShippedUnit(unittest.TestCase):
    def test_all_that_the_unit_says_is_known(self):
        check_shipped_flags()
        unit = Unit()
        self.assertIn("--no-new-privs", unit.prefix)
        self.assertIn("--bounding-set=-all,+bpf,+perfmon", unit.prefix)
        self.assertIn("--ambient-caps=-all,+bpf,+perfmon", unit.prefix)
        self.assertEqual(unit.limits[resource.RLIMIT_MEMLOCK], resource.RLIM_INFINITY)
        self.assertEqual(unit.limits[resource.RLIMIT_NOFILE], 16384)
        self.assertEqual(unit.memory_high, 128 << 20)

    def test_what_changes_in_the_unit_changes_here(self):
        line = "AmbientCapabilities=CAP_BPF CAP_PERFMON"
        self.assertEqual(text().count(line), 1)
        changed = settings_of(text().replace(line, line + "\nAmbientCapabilities=CAP_SYSLOG"))
        self.assertEqual(capabilities(changed["AmbientCapabilities"]), "-all,+bpf,+perfmon,+syslog")

    def test_what_is_not_known_is_refused(self):
        for old, new in (("UMask=0077", "UMask=0077\nRootDirectory=/srv"), ("PrivateDevices=yes", "PrivateDevices=no"),
                         ("ProtectSystem=strict", "ProtectSystem=full"), ("UMask=0077", ""),
                         ("$ARGS", "--bpf.lockdown $ARGS"), ("UMask=0077", "UMask=0077\nUMask=0022"),
                         ("CAP_BPF CAP_PERFMON\nCap", "CAP_BPF \\\n CAP_PERFMON\nCap")):
            with self.subTest(new=new):
                self.assertIn(old, text())
                with self.assertRaises(UnknownLine):
                    settings_of(text().replace(old, new))
        for names in ("~CAP_BPF", "bpf"):
            with self.assertRaises(UnknownLine):
                capabilities(names)


if __name__ == "__main__":
    unittest.main()
