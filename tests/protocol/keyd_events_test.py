#!/usr/bin/python3
"""Every event that keyd logs stands in keyd(8) with its keys, and every one there is logged."""

import pathlib
import re
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lib"))
import harness

CALL = re.compile(r'event\(\s*LogLevel::\w+,\s*(.*?)\s*,\s*(\{.*?\})\s*\);', re.DOTALL)


def in_the_code():
    """{event: {its keys}}"""
    events = {}
    for path in sorted((harness.ROOT / "keyd").glob("*.cpp")):
        if path.name == "client.cpp":
            continue  # speaks for the front ends
        for names, fields in CALL.findall(path.read_text()):
            keys = re.findall(r'\{\s*"(\w+)"\s*,', fields)
            for name in re.findall(r'"(\w+)"', names):
                events.setdefault(name, set()).add(tuple(keys))
    return events


def in_the_manual():
    table = re.search(r"\.TS\n.*?\.\n(.*?)\.TE", (harness.ROOT / "keyd/keyd.8").read_text(), re.DOTALL)
    rows = (line.split("|") for line in table[1].splitlines())
    return {name: {tuple(keys.split())} for name, keys in rows}


class Events(unittest.TestCase):
    def test_the_table_of_the_manual_is_what_the_code_logs(self):
        self.assertGreater(len(in_the_code()), 15)
        self.assertEqual(in_the_code(), in_the_manual())


if __name__ == "__main__":
    harness.main()
