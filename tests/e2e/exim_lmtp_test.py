#!/usr/bin/python3
# needs: root
"""Exim hands mail to maildircrypt-lmtp through its lmtp transport: the same holds as for Postfix."""

import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lib"))
import exim
import gpg
import harness
import lmtp_guard
import postfix
import smtp
from guard_tests import LETTER, SECRET, SENDER, GuardTests
from processes import wait_until
from stand import MAILBOX_USER, read_maildir
from verify import Opened


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

    @unittest.skipIf(postfix.available(), postfix.available())
    def test_behind_a_postfix_whose_milter_has_sealed_it_lies_there_sealed_once(self):
        """Exim speaks to no milter: a Postfix in front of it does."""
        copies = self.copies()
        mta = self.mta(copies=copies)
        milter = self.stand.milter("--guard", "yes")
        self.addCleanup(milter.kill)
        place = "{ unix:%s, default_action=tempfail }" % milter.socket
        gate = postfix.Postfix(self.stand.directory / "gate", [], main={
            "myhostname": "gate.sealed.test", "relay_domains": gpg.DOMAIN,
            "relay_transport": f"smtp:[127.0.0.1]:{mta.port}", "smtpd_milters": place})
        self.addCleanup(gate.stop)
        gate.await_removed([smtp.send(gate.port, SENDER, [gpg.address_of("cv25519")], LETTER)])
        wait_until(lambda: mta.flush() or read_copies_of(copies), "Exim has delivered it", 60)
        self.assertNotIn(SECRET, read_copies_of(copies)[0])
        stored = wait_until(lambda: read_maildir(mta.maildirs / "cv25519"), "it is stored", 60)
        self.assertEqual(len(stored), 1)
        opened = Opened(stored[0], self.stand.users, self.stand.stranger, "cv25519")
        self.assertIn(SECRET, opened.original)
        self.assertNotIn(b"-----BEGIN PGP MESSAGE-----", opened.original)


def read_copies_of(copies):
    """What Exim handed to the guard for the user."""
    return copies[0].handed(["cv25519"])["cv25519"]


if __name__ == "__main__":
    harness.main()
