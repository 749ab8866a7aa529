#!/usr/bin/python3
# needs: root
"""Postfix with our milter: virtual(8) stores what the milter sealed, exactly what Postfix passed to it."""

import collections
import pathlib
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lib"))
import gpg
import harness
import messages
import pipes
import postfix
import smtp
from keyd import GARBAGE, BadKeyd, Keyd
from milter_recorder import SMFIP_HDR_LEADSPC, Recorder
from processes import wait_until
from stand import Stand, everything_below, read_maildir, read_maildirs
from undo import split_fields
from verify import check_round, is_sealed

SENDER = "ada@out.test"
SECRET = b"the secret plaintext of this message"
LETTER = b"From: ada@out.test\r\nSubject: hidden subject\r\n\r\n" + SECRET + b"\r\n"


@unittest.skipIf(postfix.available(), postfix.available())
class PostfixMilter(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.stand = Stand()
        cls.addClassCleanup(cls.stand.close)
        cls.number = 0

    def set_up(self, *options, record=False, main=None, keyd=None):
        """A fresh milter and a fresh Postfix that asks it, with a recorder between them if wanted."""
        type(self).number += 1
        directory = self.stand.directory / f"mta{self.number}"
        milter = self.stand.milter(*options, name=f"milter{self.number}", keyd=keyd)
        self.addCleanup(milter.kill)  # libmilter waits 5 s when asked
        socket, recorder = milter.socket, None
        if record:
            socket = self.stand.directory / f"recorder{self.number}"
            recorder = Recorder(socket, milter.socket)
            self.addCleanup(recorder.__exit__)
        settings = {name: value.replace("unix:maildircrypt/milter.sock", f"unix:{socket}")
                    for name, value in pipes.postfix_settings("postfix-milter.main.cf").items()}
        self.assertIn(str(socket), settings["smtpd_milters"])
        mta = postfix.Postfix(directory, self.stand.addresses, main={**settings, **(main or {})})
        self.addCleanup(mta.stop)
        return mta, milter, recorder

    def handed(self, recorder):
        """{kind: [octets]}: each message as Postfix passed it."""
        handed = collections.defaultdict(list)
        for message in recorder.messages:
            for recipient in message.recipients:
                handed[recipient.split("@")[0]].append(message.octets())
        return handed

    def test_200_messages_undo_to_what_postfix_passed(self):
        mta, _, recorder = self.set_up(record=True)
        mails = [(SENDER, [gpg.address_of(self.stand.kind_of(number))], octets)
                 for number, (_, octets) in enumerate(messages.everything())]
        self.assertGreaterEqual(len(mails), messages.AT_LEAST)
        queue_ids = smtp.send_many(mta.port, mails)
        mta.await_removed(queue_ids, 300)
        self.assertTrue(all(flags & SMFIP_HDR_LEADSPC for flags in recorder.negotiated))
        self.assertEqual(len(recorder.messages), len(mails))
        forms, passed = check_round(read_maildirs(mta.maildirs, self.stand.kinds), self.handed(recorder),
                            self.stand.users, self.stand.stranger)
        self.assertEqual(passed, messages.encrypted_by_the_sender())
        self.assertEqual({form for _, form in forms}, {"none", "parameter", "wrap"})

    def test_100_mb_are_sealed(self):
        mta, _, recorder = self.set_up(
            "--size-limit", "0", record=True,
            main={"message_size_limit": "0", "virtual_mailbox_limit": "0"})
        queue_id = smtp.send(mta.port, SENDER, [gpg.address_of("cv25519")], messages.enormous())
        mta.await_removed([queue_id], 300)
        handed = self.handed(recorder)
        self.assertGreater(len(handed["cv25519"][0]), 95_000_000)
        check_round(read_maildirs(mta.maildirs, ["cv25519"]), handed, self.stand.users, None)

    def test_several_messages_in_one_connection_are_each_sealed(self):
        mta, milter, _ = self.set_up()
        with smtp.Client(mta.port) as client:
            queue_ids = [client.send(SENDER, [gpg.address_of(kind)], LETTER)
                         for kind in self.stand.kinds]
        mta.await_removed(queue_ids)
        for kind in self.stand.kinds:
            self.assertTrue(is_sealed(read_maildir(mta.maildirs / kind)[0]))
        self.assertNotIn(SECRET, everything_below(mta.directory))

    def test_a_transaction_that_is_given_up_leaves_the_next_one_intact(self):
        mta, _, _ = self.set_up()
        with smtp.Client(mta.port) as client:
            client.command(f"MAIL FROM:<{SENDER}>")
            client.command(f"RCPT TO:<{gpg.address_of('rsa2048')}>")
            client.command("RSET")
            queue_id = client.send(SENDER, [gpg.address_of("cv25519")], LETTER)
        mta.await_removed([queue_id])
        self.assertTrue(is_sealed(read_maildir(mta.maildirs / "cv25519")[0]))
        self.assertEqual(read_maildir(mta.maildirs / "rsa2048"), [])

    def test_the_null_sender_is_sealed_too(self):
        mta, _, _ = self.set_up()
        queue_id = smtp.send(mta.port, "", [gpg.address_of("nistp384")], LETTER)
        mta.await_removed([queue_id])
        self.assertTrue(is_sealed(read_maildir(mta.maildirs / "nistp384")[0]))

    def test_mail_from_sendmail_is_sealed_too(self):
        mta, _, _ = self.set_up()
        mta.sendmail(SENDER, [gpg.address_of("nistp521")], LETTER.replace(b"\r\n", b"\n"))
        maildir = mta.maildirs / "nistp521"
        wait_until(lambda: (maildir / "new").is_dir() and any((maildir / "new").iterdir()),
                   "the message is stored")
        self.assertTrue(is_sealed(read_maildir(maildir)[0]))
        self.assertNotIn(SECRET, everything_below(mta.maildirs))

    # ---- addresses without a key

    def test_mail_for_an_address_without_key_passes_marked(self):
        mta, _, _ = self.set_up()
        queue_id = smtp.send(mta.port, SENDER, ["nokey@sealed.test"], LETTER)
        mta.await_removed([queue_id])
        stored = read_maildir(mta.maildirs / "nokey")
        self.assertEqual(len(stored), 1)
        self.assertIn(SECRET, stored[0])
        marks = [field for field in split_fields(stored[0].partition(b"\n\n")[0] + b"\n")
                 if field.lower().startswith(b"maildircrypt-provenance:")]
        self.assertEqual(len(marks), 1)
        self.assertIn(b"clear", marks[0])

    def test_no_key_defer_and_reject_are_obeyed(self):
        for choice, codes in (("defer", {450, 451}), ("reject", {550})):
            with self.subTest(choice):
                mta, _, _ = self.set_up("--no-key", choice)
                with self.assertRaises(smtp.Refused) as refused:
                    smtp.send(mta.port, SENDER, ["nokey@sealed.test"], LETTER)
                self.assertIn(refused.exception.code, codes)
                queue_id = smtp.send(mta.port, SENDER, [gpg.address_of("cv25519")], LETTER)
                mta.await_removed([queue_id])
                self.assertEqual(read_maildir(mta.maildirs / "nokey"), [])

    def test_mail_for_domains_that_are_not_ours_is_not_touched(self):
        mta, _, _ = self.set_up("--domains", "elsewhere.test")
        queue_id = smtp.send(mta.port, SENDER, [gpg.address_of("cv25519")], LETTER)
        mta.await_removed([queue_id])
        stored = read_maildir(mta.maildirs / "cv25519")[0]
        self.assertIn(SECRET, stored)
        self.assertNotIn(b"Maildircrypt-", stored)

    # ---- keyd that cannot be trusted: 451, and never in clear

    def expect_451(self, mta, why):
        """Both a user with a key and one without are told to wait, within ten seconds."""
        for address in (gpg.address_of("cv25519"), "nokey@sealed.test"):
            started = time.monotonic()
            with self.assertRaises(smtp.Refused, msg=why) as refused:
                smtp.send(mta.port, SENDER, [address], LETTER)
            self.assertEqual(refused.exception.code, 451, why)
            self.assertLess(time.monotonic() - started, 10, why)
        self.assertNotIn(SECRET, everything_below(mta.directory), why)

    def test_keyd_down_defers_until_it_is_back(self):
        mta, _, _ = self.set_up()
        self.stand.keyd.stop()
        try:
            self.expect_451(mta, "keyd is down")
        finally:
            self.stand.keyd.start()
        queue_id = smtp.send(mta.port, SENDER, [gpg.address_of("cv25519")], LETTER)
        mta.await_removed([queue_id])
        self.assertTrue(is_sealed(read_maildir(mta.maildirs / "cv25519")[0]))

    def test_keyd_hung_defers(self):
        mta, _, _ = self.set_up()
        self.stand.keyd.server.pause()
        try:
            self.expect_451(mta, "keyd hangs")
        finally:
            self.stand.keyd.server.resume()

    def test_a_keyd_that_answers_garbage_defers(self):
        path = self.stand.directory / "bad.sock"
        mta, _, _ = self.set_up(keyd=path)
        for why, answer in GARBAGE.items():
            with self.subTest(why), BadKeyd(path, answer) as bad:
                self.expect_451(mta, why)
                self.assertGreater(bad.asked, 0)

    def test_another_store_behind_the_same_socket_defers(self):
        mta, _, _ = self.set_up()
        queue_id = smtp.send(mta.port, SENDER, [gpg.address_of("cv25519")], LETTER)
        mta.await_removed([queue_id])
        self.stand.keyd.stop()
        try:
            with Keyd(self.stand.directory / "other", self.stand.programs, self.stand.keyd.socket):
                with self.assertRaises(smtp.Refused) as refused:
                    smtp.send(mta.port, SENDER, [gpg.address_of("cv25519")], LETTER)
                self.assertEqual(refused.exception.code, 451)
        finally:
            self.stand.keyd.start()
        self.assertNotIn(SECRET, everything_below(mta.directory))

    # ---- the milter itself

    def test_a_milter_that_is_away_hung_or_killed_defers(self):
        mta, milter, _ = self.set_up(main={"milter_connect_timeout": "3s",
                                           "milter_command_timeout": "3s",
                                           "milter_content_timeout": "3s"})
        milter.pause()
        with self.assertRaises(smtp.Refused) as refused:
            smtp.send(mta.port, SENDER, [gpg.address_of("cv25519")], LETTER)
        self.assertEqual(refused.exception.code, 451)
        milter.kill()
        with self.assertRaises(smtp.Refused) as refused:
            smtp.send(mta.port, SENDER, [gpg.address_of("cv25519")], LETTER)
        self.assertEqual(refused.exception.code, 451)
        self.assertEqual(mta.queue(), [])
        self.assertEqual(read_maildir(mta.maildirs / "cv25519"), [])

    def test_a_milter_killed_between_two_messages_of_a_connection_defers(self):
        mta, milter, _ = self.set_up()
        with smtp.Client(mta.port) as client:
            queue_id = client.send(SENDER, [gpg.address_of("cv25519")], LETTER)
            mta.await_removed([queue_id])
            milter.kill()
            with self.assertRaises(smtp.Refused) as refused:
                client.send(SENDER, [gpg.address_of("cv25519")], LETTER)
            self.assertEqual(refused.exception.code, 451)
        self.assertNotIn(SECRET, everything_below(mta.directory))


if __name__ == "__main__":
    harness.main()
