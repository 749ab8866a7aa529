#!/usr/bin/python3
# needs: root
"""Exim hands mail to maildircrypt-lmtp through its lmtp transport: the same holds as for Postfix."""

import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lib"))
import exim
import harness
import lmtp_guard
from guard_tests import GuardTests
from stand import MAILBOX_USER


class Guarded(exim.Exim):
    guard = None
    handed = None

    def stop(self):
        super().stop()
        if self.handed:
            self.handed.stop()
        self.guard.stop()


@unittest.skipIf(exim.available(), exim.available())
class EximLmtp(GuardTests, unittest.TestCase):
    line_end = "crlf"

    def copies(self):
        return []  # gets the recorder

    def read_copies(self, copies, kinds):
        return copies[0].handed(kinds)

    def start_mta(self, directory, options, copies, unlimited):
        directory.mkdir()
        maildirs = directory / "maildirs"
        maildirs.mkdir()
        guard = lmtp_guard.start(self.stand, f"maildir:{maildirs}/%u", options)
        self.addCleanup(guard.stop)
        handed = None
        if copies is not None:
            handed = lmtp_guard.recorder(self.stand, guard)
            copies.append(handed)
        transport = lmtp_guard.exim_transport(handed.path if handed else guard.socket,
                                              MAILBOX_USER)
        mta = Guarded(directory, transport, size_limit="0" if unlimited else "50M")
        mta.guard, mta.handed = guard, handed
        return mta


if __name__ == "__main__":
    harness.main()
