#!/usr/bin/python3
# needs: root
"""Exim hands mail to maildircrypt-pipe through its pipe transport: the same holds as for Postfix."""

import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lib"))
import exim
import harness
import pipes
from guard_tests import GuardTests


@unittest.skipIf(exim.available(), exim.available())
class EximPipe(GuardTests, unittest.TestCase):
    line_end = "lf"

    def start_mta(self, directory, options, copies, unlimited):
        transport = pipes.exim_transport(self.stand, options, copies)
        return exim.Exim(directory, transport, size_limit="0" if unlimited else "50M")


if __name__ == "__main__":
    harness.main()
