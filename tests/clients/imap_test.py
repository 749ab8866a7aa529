#!/usr/bin/python3
"""Two IMAP clients (two devices) on one sealed Maildir behind Dovecot see the same."""
# needs: root

import email
import imaplib
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lib"))
import dovecot
import harness
import sealed_mail
import undo


class TwoDevices(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        why = dovecot.available()
        if why:
            raise unittest.SkipTest(why)
        cls.mail = sealed_mail.SealedMaildir(harness.temporary_directory())
        cls.server = cls.mail.serve()

    @classmethod
    def tearDownClass(cls):
        cls.server.stop()
        cls.mail.home.stop_agent()

    def device(self):
        client = imaplib.IMAP4("127.0.0.1", self.server.port)
        client.login(sealed_mail.ADDRESS, dovecot.PASSWORD)
        client.select("INBOX")
        self.addCleanup(client.logout)
        return client

    @staticmethod
    def flags(client, number):
        client.noop()
        return imaplib.ParseFlags(client.fetch(str(number), "(FLAGS)")[1][0])

    def test_both_see_the_same_flags(self):
        phone, laptop = self.device(), self.device()
        phone.store("1", "+FLAGS", r"(\Seen \Flagged)")
        self.assertLessEqual({b"\\Seen", b"\\Flagged"}, set(self.flags(laptop, 1)))
        laptop.store("1", "-FLAGS", r"(\Flagged)")
        self.assertNotIn(b"\\Flagged", self.flags(phone, 1))
        laptop.store("2", "+FLAGS", r"(\Answered)")
        self.assertIn(b"\\Answered", self.flags(phone, 2))

    def test_both_get_octets_that_open_to_the_original(self):
        for client in (self.device(), self.device()):
            for number, original in enumerate(self.mail.originals.values(), 1):
                sealed = client.fetch(str(number), "(BODY.PEEK[])")[1][0][1]
                payload, _ = self.mail.home.decrypt(undo.take_apart(sealed).armour)
                self.assertEqual(undo.undo(payload), original)

    def test_the_server_knows_no_subject_and_no_text(self):
        client = self.device()
        for words in (("SUBJECT", "zeppelin"), ("TEXT", "marmalade"), ("BODY", "lighthouse")):
            self.assertEqual(client.search(None, *words)[1], [b""])
        for number in range(1, len(self.mail.originals) + 1):
            header = client.fetch(str(number), "(BODY.PEEK[HEADER])")[1][0][1]
            self.assertEqual(email.message_from_bytes(header)["Subject"], "...")

    def test_the_server_still_searches_and_sorts_by_what_stays_outside(self):
        client = self.device()
        self.assertEqual(len(client.search(None, "FROM", "nistp256")[1][0].split()), 5)
        found = client.sort("(REVERSE DATE)", "UTF-8", "ALL")[1][0].split()
        self.assertEqual(found, [b"5", b"4", b"3", b"2", b"1"])


if __name__ == "__main__":
    harness.main()
