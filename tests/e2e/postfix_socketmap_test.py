#!/usr/bin/python3
# needs: root
"""Postfix asks keyd which recipients have keys, and sends only their mail to the guard."""

import itertools
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lib"))
import gpg
import harness
import lmtp_guard
import postfix
import smtp
from guard_tests import LETTER, SECRET, SENDER
from keyd import USER
from processes import Server, wait_until
from stand import MAILBOX_USER, Stand, everything_below, read_maildir
from verify import is_sealed

KEYED = gpg.address_of("cv25519")
GONE = gpg.address_of("rsa2048")  # had a key
NOKEY = f"nokey@{gpg.DOMAIN}"
SOCKETMAP = "/run/maildircrypt/socketmap.sock"
counter = itertools.count()


@unittest.skipIf(postfix.available(), postfix.available())
class PostfixSocketmap(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.stand = Stand(kinds=["cv25519", "rsa2048"])
        cls.addClassCleanup(cls.stand.close)
        cls.stand.keyd.cli("remove", "--keep-tombstone", GONE)
        cls.socketmap = cls.stand.keyd.directory / "socketmap.sock"
        cls.restart_keyd()

    @classmethod
    def restart_keyd(cls):
        keyd = cls.stand.keyd
        keyd.stop()
        keyd.server = Server([keyd.programs / "keyd", "--socket", keyd.socket, "--store", keyd.store,
                              "--socketmap", cls.socketmap], keyd.directory / "keyd.log", user=USER,
                             notify=True)

    def setUp(self):
        directory = self.stand.directory / f"mta{next(counter)}"
        directory.mkdir()
        self.sealed = directory / "sealed"
        self.sealed.mkdir()
        self.sealed.chmod(0o777)
        self.guard = lmtp_guard.start(self.stand, f"maildir:{self.sealed}/%u", user=MAILBOX_USER)
        self.addCleanup(self.guard.stop)
        text = (lmtp_guard.EXAMPLES / "postfix-socketmap.main.cf").read_text()
        self.assertEqual(text.count(SOCKETMAP), 1)
        example = directory / "example"
        example.write_text(text.replace(SOCKETMAP, str(self.socketmap)))
        service = (lmtp_guard.EXAMPLES / "postfix-lmtp.master.cf").read_text()
        self.mta = postfix.Postfix(directory, self.stand.addresses, services=[service],
                                   main=lmtp_guard.settings(example, self.guard.socket))
        self.addCleanup(self.mta.stop)

    def test_only_mail_for_addresses_with_a_key_goes_to_the_guard(self):
        kept = smtp.send(self.mta.port, SENDER, [NOKEY], LETTER)
        sealed = smtp.send(self.mta.port, SENDER, [KEYED], LETTER)
        both = smtp.send(self.mta.port, SENDER, [KEYED.upper(), NOKEY], LETTER)
        self.mta.await_removed([kept, sealed, both])
        self.assertTrue(all(map(is_sealed, read_maildir(self.sealed / "cv25519"))))
        self.assertEqual(len(read_maildir(self.sealed / "cv25519")), 2)
        self.assertNotIn(SECRET, everything_below(self.sealed))
        usual = read_maildir(self.mta.maildirs / "nokey")
        self.assertEqual(len(usual), 2)
        for octets in usual:  # the guard has not seen it: no mark
            self.assertIn(SECRET, octets)
            self.assertNotIn(b"Maildircrypt-Provenance", octets)
        self.assertFalse((self.mta.maildirs / "cv25519").exists())

    def test_mail_for_an_address_that_had_a_key_waits_at_the_guard(self):
        queue_id = smtp.send(self.mta.port, SENDER, [GONE], LETTER)
        self.assertEqual(self.mta.await_outcome(queue_id), "deferred")
        self.assertIn("relay=", self.mta.log())
        self.assertNotIn(SECRET, everything_below(self.sealed) + everything_below(self.mta.maildirs))

    def test_keyd_away_all_mail_waits_with_a_key_or_without(self):
        self.stand.keyd.stop()
        try:
            for address in (KEYED, NOKEY):
                self.mta.sendmail(SENDER, [address], LETTER.replace(b"\r\n", b"\n"))
            # The queue manager could not resolve either: both wait, nothing bounced or was delivered.
            wait_until(lambda: self.mta.log().count("status=deferred") == 2, "both wait")
            self.assertNotIn("status=sent", self.mta.log())
            self.assertNotIn("status=bounced", self.mta.log())
            self.assertNotIn(SECRET, everything_below(self.sealed) +
                             everything_below(self.mta.maildirs))
        finally:
            self.restart_keyd()
        self.assertEqual(len(self.mta.queue()), 2)

        def gone():  # trivial-rewrite needs a moment to find keyd again
            self.mta.flush()
            return not self.mta.queue()

        wait_until(gone, "everything is delivered", 60)
        self.assertTrue(is_sealed(read_maildir(self.sealed / "cv25519")[0]))
        self.assertIn(SECRET, read_maildir(self.mta.maildirs / "nokey")[0])


if __name__ == "__main__":
    harness.main()
