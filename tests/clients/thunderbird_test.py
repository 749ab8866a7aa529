#!/usr/bin/python3
"""Thunderbird, driven for real, shows sealed mail from a real Dovecot: Subject, text, signatures."""
# needs: root

import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lib"))
import dovecot
import harness
import sealed_mail
import testkeys
import thunderbird


class SealedMailInThunderbird(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        why = dovecot.available() or thunderbird.missing()
        if why:
            raise unittest.SkipTest(why)
        directory = harness.temporary_directory()
        cls.mail = sealed_mail.SealedMaildir(directory)
        key = directory / "key.asc"
        key.write_bytes(cls.mail.home.run("--armor", "--export-secret-keys",
                                          sealed_mail.ADDRESS).stdout)
        cls.mail.home.stop_agent()
        with cls.mail.serve() as server, \
             thunderbird.Thunderbird(directory / "thunderbird") as program:
            program.import_secret_key(key)
            program.import_certificate(testkeys.certificate("nistp256"))
            inbox = program.add_imap_account(server.port, sealed_mail.ADDRESS, dovecot.PASSWORD)
            cls.before = program.messages(inbox)
            cls.seen = {found["id"]: program.open(inbox, found["key"]) for found in cls.before}
            cls.after = program.messages(inbox)
        print(thunderbird.version())

    def look(self, number):
        return self.seen[f"{number}@out.test"]

    def test_every_message_is_listed_without_its_subject(self):
        self.assertEqual([found["subject"] for found in self.before], ["..."] * 5)

    def test_an_opened_message_shows_its_true_subject_and_says_encrypted(self):
        for number, subject in enumerate(self.mail.originals, 1):
            self.assertEqual(self.look(number)["subject"], subject)
            self.assertTrue(self.look(number)["locked"])

    def test_once_opened_the_list_shows_the_true_subject(self):
        self.assertEqual([found["subject"] for found in self.after], list(self.mail.originals))

    def test_texts_and_attachments_are_shown(self):
        for number, text in enumerate(("lighthouse", "marmalade", "walnuts", "rhubarb", "rhubarb"), 1):
            self.assertIn(text, self.look(number)["text"])
            self.assertNotIn("Maildircrypt-Recipe", self.look(number)["text"])
        self.assertEqual(self.look(2)["attachments"], ["figures.pdf"])
        self.assertEqual(self.look(1)["attachments"], [])

    def test_a_signature_over_protected_headers_is_verified(self):
        self.assertEqual(self.look(5)["sealed"], "message-signed-verified.svg")

    def test_a_signature_below_a_wrap_is_announced_not_verified(self):
        self.assertIsNone(self.look(4)["sealed"])
        self.assertEqual(self.look(4)["notices"], ["Some parts of this message may be digitally signed."])


if __name__ == "__main__":
    harness.main()
