#!/usr/bin/python3
"""`make bench` sees a row that misses its bound, and a ratio that fell by more than a tenth."""

import json
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lib"))
import harness
import report

REFERENCE = pathlib.Path(__file__).parent / "reference.json"


def ratio(value, least=0.5, name="speed"):
    return {"row": name, "ratio": value, "at_least": least}


def memory(value, most=64, name="memory"):
    return {"row": name, "megabytes": value, "at_most": most}


class Report(unittest.TestCase):
    def test_a_bound_is_reached_at_its_edge_and_missed_beyond(self):
        for row, reached in ((ratio(0.5), True), (ratio(0.499), False), (memory(64), True),
                             (memory(64.1), False), (ratio(2.5) | {"at_least": 3}, False)):
            self.assertEqual(report.is_reached(row), reached, row)
            self.assertEqual("MISSED" in report.show_row(row), not reached)

    def test_a_ratio_that_fell_by_more_than_a_tenth_is_marked(self):
        for now, marked in ((1.0, False), (0.91, False), (0.9, False), (0.89, True), (2.0, False)):
            rows = [ratio(now)]
            worse = report.find_regressions(rows, [ratio(1.0)])
            self.assertEqual(bool(worse), marked, now)
            self.assertEqual("WORSE THAN 1" in report.show_row(rows[0], worse), marked)

    def test_memory_that_rose_by_more_than_a_tenth_is_marked(self):
        for now, marked in ((10, False), (10.9, False), (11.1, True), (5, False)):
            worse = report.find_regressions([memory(now)], [memory(10)])
            self.assertEqual(bool(worse), marked, now)

    def test_rows_are_compared_by_name_and_new_ones_with_nothing(self):
        rows = [ratio(0.1, name="a"), ratio(1, name="b"), ratio(0.1, name="new")]
        reference = [ratio(1, name="b"), ratio(1, name="a"), ratio(1, name="gone")]
        self.assertEqual([row["row"] for row, _ in report.find_regressions(rows, reference)], ["a"])

    def test_a_mark_stands_at_its_row_alone(self):
        rows = [ratio(0.1, name="a"), ratio(1, name="b")]
        worse = report.find_regressions(rows, [ratio(1, name="a"), ratio(1, name="b")])
        self.assertIn("MISSED, WORSE THAN 1", report.show_row(rows[0], worse))
        self.assertNotIn("<--", report.show_row(rows[1], worse))

    def test_the_committed_reference_is_one(self):
        reference = json.loads(REFERENCE.read_text())
        self.assertGreater(len(reference["rows"]), 10)
        for row in reference["rows"]:
            self.assertGreater(report.value_of(row), 0)
            report.show_row(row)
        self.assertFalse(reference["quick"])


if __name__ == "__main__":
    harness.main()
