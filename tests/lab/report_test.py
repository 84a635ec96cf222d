#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# ctest: parallel
"""What the lab says of programs: one that never ran, one that runs although it is excused, an excuse for nothing."""
import os
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import report

PROGRAMS = {"one": {"on_a_btf", "on_a_raw", "on_b"}, "two": {"on_c"}}
ALL = {"one/on_a_btf", "one/on_a_raw", "one/on_b", "two/on_c"}


class Programs(unittest.TestCase):
    def test_all_ran(self):
        self.assertEqual(report.program_problems(PROGRAMS, ALL, []), [])

    def test_one_never_ran(self):
        self.assertEqual(report.program_problems(PROGRAMS, ALL - {"one/on_b"}, []), ["one: no kernel ran the program on_b"])

    def test_it_is_excused(self):
        excused = [("one", "on_a_(btf|raw)", "older kernels")]
        self.assertEqual(report.program_problems(PROGRAMS, {"one/on_b", "two/on_c"}, excused), [])

    def test_an_excuse_is_for_one_tool(self):
        excused = [("two", "on_.*", "older kernels")]
        self.assertEqual(report.program_problems(PROGRAMS, ALL - {"two/on_c", "one/on_b"}, excused),
                         ["one: no kernel ran the program on_b"])

    def test_an_excused_one_runs(self):
        excused = [("one", "on_a_(btf|raw)", "older kernels")]
        self.assertEqual(report.program_problems(PROGRAMS, ALL - {"one/on_a_raw"}, excused),
                         ["one/on_a_btf: it runs: take it out of expected.tsv, where it cannot: older kernels"])

    def test_an_excuse_names_whole_programs(self):
        excused = [("one", "on_a", "older kernels")]
        self.assertEqual(report.program_problems(PROGRAMS, ALL, excused),
                         ["one: expected.tsv excuses on_a, which names no program"])

    def test_what_runs_in_any_kernel_ran(self):
        results = {suite: {"programs": programs, "shipped": {"two": {}}}
                   for suite, programs in (("old", []), ("new", ["two/on_c"]))}
        before = report.programs_of, report.excused_programs
        report.programs_of, report.excused_programs = lambda _, tool: PROGRAMS[tool], lambda: []
        try:
            self.assertEqual(report.programs_never_run("", results), [])
            results["new"]["programs"] = []
            self.assertEqual(report.programs_never_run("", results), ["two: no kernel ran the program on_c"])
        finally:
            report.programs_of, report.excused_programs = before


def found(state, **more):
    return {"state": state, "reason": "", "hooks": ["tp_btf:x"], "events": [2, 2], "load_ms": 7, **more}


class Cells(unittest.TestCase):
    def test_what_is_denied_as_shipped_counts_as_root(self):
        kernel = {"shipped": {"one": found("denied"), "two": found("ok")}, "root": {"one": found("ok"), "two": found("failed")}}
        self.assertEqual(report.cell("one", kernel), "tp_btf 2/2, 7 ms; shipped: denied")
        self.assertEqual(report.cell("two", kernel), "tp_btf 2/2, 7 ms")
        self.assertEqual(report.cell("three", kernel), "missing")

    def test_another_try_is_told(self):
        results = {"new": {"shipped": {"one": found("ok", tries=3, before="expected 1, got 0"), "two": found("ok")}, "root": {}}}
        self.assertEqual(report.further_tries(results), ["new shipped one: ok at try 3: expected 1, got 0"])


class Table(unittest.TestCase):
    def test_every_line_can_be_read(self):
        for suite, column, tool, state, reason in report.expected_lines():
            self.assertIn(column, (*report.COLUMNS, "program"))
            self.assertTrue(suite and tool and state and reason)
        self.assertEqual([line for line in report.expected_lines() if line[1] == "program" and line[0] != "*"], [])


if __name__ == "__main__":
    unittest.main()
