#!/usr/bin/python3
"""The unit tests of stores, on a real PostgreSQL server as well as on SQLite."""

import os
import pathlib
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lib"))
import harness
from postgresql import Postgresql

SUITES = "keyd_store,keyd_postgresql_*"
VARIABLE = "MAILDIRCRYPT_TEST_POSTGRESQL"


class StoreTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.directory = harness.temporary_directory()
        cls.server = Postgresql(cls.directory / "postgresql")
        cls.addClassCleanup(cls.server.stop)

    def run_suites(self, program):
        environment = dict(os.environ)
        environment[VARIABLE] = f"host={self.server.directory} user={self.server.user}"
        listed = subprocess.run([program, "--list_content"], capture_output=True, text=True,
                                check=True, env=environment).stderr
        self.assertTrue("keyd_postgresql_reader" in listed, "not compiled in")
        run = subprocess.run([program, f"--run_test={SUITES}", "--color_output=no"],
                             capture_output=True, text=True, check=False, env=environment,
                             timeout=900)
        self.assertEqual(run.returncode, 0, run.stdout[-20000:] + run.stderr[-20000:])

    def test_every_store_keeps_what_a_store_promises(self):
        self.run_suites(harness.BUILD / "unit-tests")

    def test_the_same_under_the_sanitizers(self):
        program = harness.BUILD / "sanitized/unit-tests"
        if not program.exists():
            self.skipTest("build/sanitized/unit-tests is not built")
        self.run_suites(program)


if __name__ == "__main__":
    harness.main()
