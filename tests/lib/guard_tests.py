"""What holds for every mail server that delivers through maildircrypt-pipe or maildircrypt-lmtp."""

import re
import time

import gpg
import messages
import pipes
import smtp
from keyd import GARBAGE, BadKeyd, Keyd
from stand import Stand, everything_below, read_maildir, read_maildirs
from undo import split_fields
from verify import check_round, is_sealed

SENDER = "ada@out.test"
SECRET = b"the secret plaintext of this message"
LETTER = b"From: ada@out.test\r\nSubject: hidden subject\r\n\r\n" + SECRET + b"\r\n"


class GuardTests:
    """A TestCase that inherits this has start_mta(directory, options, copies, unlimited)."""

    line_end = None  # as the mail server hands mail over

    @classmethod
    def setUpClass(cls):
        cls.stand = Stand()
        cls.addClassCleanup(cls.stand.close)
        cls.number = 0

    def mta(self, *options, copies=None, unlimited=False):
        """A fresh mail server whose mail all goes through our guard."""
        type(self).number += 1
        mta = self.start_mta(self.stand.directory / f"mta{self.number}", options, copies, unlimited)
        self.addCleanup(mta.stop)
        return mta

    def copies(self):
        """Where copies of what is handed over go; passed to start_mta()."""
        return pipes.copy_directory(self.stand)

    def read_copies(self, copies, kinds):
        """{local part: [octets]}"""
        return pipes.read_copies(copies, kinds)

    # ---- sealing

    def test_200_messages_undo_to_what_was_handed_over(self):
        copies = self.copies()
        mta = self.mta(copies=copies)
        mails = [(SENDER, [gpg.address_of(self.stand.kind_of(number))], octets)
                 for number, (_, octets) in enumerate(messages.everything())]
        self.assertGreaterEqual(len(mails), messages.AT_LEAST)
        queue_ids = smtp.send_many(mta.port, mails)
        mta.await_removed(queue_ids, 300)
        handed = self.read_copies(copies, self.stand.kinds)
        self.assertEqual(sum(map(len, handed.values())), len(mails))
        stored = read_maildirs(mta.maildirs, self.stand.kinds)
        forms, passed = check_round(stored, handed, self.stand.users, self.stand.stranger)
        self.assertEqual(passed, messages.encrypted_by_the_sender())
        self.assertEqual({form for _, form in forms}, {"none", "parameter", "wrap"})
        self.assertEqual({eol for eol, _ in forms}, {self.line_end})

    def test_100_mb_are_sealed(self):
        copies = self.copies()
        mta = self.mta(copies=copies, unlimited=True)
        queue_id = smtp.send(mta.port, SENDER, [gpg.address_of("cv25519")], messages.enormous())
        mta.await_removed([queue_id], 300)
        handed = self.read_copies(copies, ["cv25519"])
        self.assertGreater(len(handed["cv25519"][0]), 95_000_000)
        stored = read_maildirs(mta.maildirs, ["cv25519"])
        check_round(stored, handed, self.stand.users, None)

    def test_without_the_copying_wrapper_mail_is_delivered_the_same(self):
        mta = self.mta()
        queue_id = smtp.send(mta.port, SENDER, [gpg.address_of("rsa3072")], LETTER)
        mta.await_removed([queue_id])
        stored = read_maildir(mta.maildirs / "rsa3072")
        self.assertEqual(len(stored), 1)
        self.assertTrue(is_sealed(stored[0]))
        self.assertNotIn(SECRET, everything_below(mta.maildirs))

    def test_one_message_to_all_users_is_sealed_to_each_alone(self):
        copies = self.copies()
        mta = self.mta(copies=copies)
        queue_id = smtp.send(mta.port, SENDER, [gpg.address_of(k) for k in self.stand.kinds], LETTER)
        mta.await_removed([queue_id])
        check_round(read_maildirs(mta.maildirs, self.stand.kinds),
                    self.read_copies(copies, self.stand.kinds), self.stand.users,
                    self.stand.stranger)

    def test_a_sealed_message_passes_untouched(self):
        mta = self.mta()
        first = smtp.send(mta.port, SENDER, [gpg.address_of("nistp256")], LETTER)
        mta.await_removed([first])
        once = read_maildir(mta.maildirs / "nistp256")[0]
        sent_again = re.sub(rb"(?m)^(Delivered-To|X-Original-To|Return-Path):.*\n", b"", once)
        again = smtp.send(mta.port, SENDER, [gpg.address_of("nistp256")],
                          sent_again.replace(b"\n", b"\r\n"))
        mta.await_removed([again])
        stored = read_maildir(mta.maildirs / "nistp256")
        self.assertEqual(len(stored), 2)
        for octets in stored:
            self.assertEqual(octets.count(b"-----BEGIN PGP MESSAGE-----"), 1)
        twice = next(octets for octets in stored if octets != once)
        self.assertEqual(twice.partition(b"\n\n")[2], once.partition(b"\n\n")[2])

    # ---- addresses without a key

    def test_mail_for_an_address_without_key_passes_marked(self):
        mta = self.mta()
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
        for choice, expected in (("defer", "deferred"), ("reject", "bounced")):
            with self.subTest(choice):
                mta = self.mta("--no-key", choice)
                queue_id = smtp.send(mta.port, SENDER, ["nokey@sealed.test"], LETTER)
                self.assertEqual(mta.await_outcome(queue_id), expected)
                self.assertEqual(read_maildir(mta.maildirs / "nokey"), [])
                sealed = smtp.send(mta.port, SENDER, [gpg.address_of("cv25519")], LETTER)
                self.assertEqual(mta.await_outcome(sealed), "sent")

    # ---- keyd that cannot be trusted: later, and never in clear

    def expect_deferred(self, mta, why):
        """Both a user with a key and one without are told to wait, within ten seconds."""
        for address in (gpg.address_of("cv25519"), "nokey@sealed.test"):
            queue_id = smtp.send(mta.port, SENDER, [address], LETTER)
            started = time.monotonic()  # Postfix begins to deliver now, Exim when it is told to
            self.assertEqual(mta.await_outcome(queue_id, 15), "deferred", why)
            self.assertLess(time.monotonic() - started, 10, why)
        self.assertNotIn(SECRET, everything_below(mta.maildirs), why)

    def test_keyd_down_defers_and_mail_comes_when_it_is_back(self):
        mta = self.mta()
        self.stand.keyd.stop()
        try:
            self.expect_deferred(mta, "keyd is down")
        finally:
            self.stand.keyd.start()
        waiting = mta.queue()
        self.assertEqual(len(waiting), 2)
        mta.flush()
        mta.await_removed(waiting)
        self.assertTrue(is_sealed(read_maildir(mta.maildirs / "cv25519")[0]))

    def test_keyd_hung_defers(self):
        mta = self.mta()
        self.stand.keyd.server.pause()
        try:
            self.expect_deferred(mta, "keyd hangs")
        finally:
            self.stand.keyd.server.resume()

    def test_a_keyd_that_answers_garbage_defers(self):
        path = self.stand.directory / "bad.sock"
        mta = self.mta("--keyd", str(path))
        for why, answer in GARBAGE.items():
            with self.subTest(why), BadKeyd(path, answer) as bad:
                self.expect_deferred(mta, why)
                self.assertGreater(bad.asked, 0)

    def test_a_keyd_that_never_answers_defers(self):
        path = self.stand.directory / "mute.sock"
        mta = self.mta("--keyd", str(path))
        with BadKeyd(path, None):
            self.expect_deferred(mta, "keyd is mute")

    def test_another_store_behind_the_same_socket_defers(self):
        """A process that lives for one message knows no earlier answer: it is told the store's id."""
        mta = self.mta("--store-id", self.stand.keyd.store_id)
        sealed = smtp.send(mta.port, SENDER, [gpg.address_of("cv25519")], LETTER)
        self.assertEqual(mta.await_outcome(sealed), "sent")
        self.stand.keyd.stop()
        try:
            with Keyd(self.stand.directory / "other", self.stand.programs, self.stand.keyd.socket):
                self.expect_deferred(mta, "another store")
        finally:
            self.stand.keyd.start()
