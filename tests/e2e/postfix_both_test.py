#!/usr/bin/python3
# needs: root
"""Postfix with the milter in front and the pipe as guard: sealed exactly once, whatever way mail takes."""

import collections
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lib"))
import gpg
import harness
import messages
import pipes
import postfix
import smtp
from milter_recorder import Recorder
from processes import wait_until
from stand import Stand, everything_below, read_maildir, read_maildirs
from verify import check_round, is_sealed

SENDER = "ada@out.test"
SECRET = b"the secret plaintext of this message"
LETTER = b"From: ada@out.test\r\nSubject: hidden subject\r\n\r\n" + SECRET + b"\r\n"


@unittest.skipIf(postfix.available(), postfix.available())
class PostfixMilterAndPipe(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.stand = Stand()
        cls.addClassCleanup(cls.stand.close)
        cls.number = 0

    def set_up(self, copies=None, main=None):
        type(self).number += 1
        directory = self.stand.directory / f"mta{self.number}"
        milter = self.stand.milter("--guard", "yes", name=f"milter{self.number}")
        self.addCleanup(milter.kill)  # libmilter waits 5 s when asked
        socket = self.stand.directory / f"recorder{self.number}"
        recorder = Recorder(socket, milter.socket)
        self.addCleanup(recorder.__exit__)
        service = pipes.postfix_service(self.stand, directory / "maildirs", copies=copies)
        mta = postfix.Postfix(directory, self.stand.addresses, services=[service], main={
            "smtpd_milters": "{ unix:%s, default_action=tempfail }" % socket,
            **pipes.postfix_settings("postfix-pipe.main.cf"), **(main or {})})
        self.addCleanup(mta.stop)
        return mta, recorder

    def test_200_messages_are_sealed_once_and_undo_to_what_the_milter_was_passed(self):
        copies = pipes.copy_directory(self.stand)
        mta, recorder = self.set_up(copies)
        mails = [(SENDER, [gpg.address_of(self.stand.kind_of(number))], octets)
                 for number, (_, octets) in enumerate(messages.everything())]
        queue_ids = smtp.send_many(mta.port, mails)
        mta.await_removed(queue_ids, 300)
        handed = collections.defaultdict(list)
        for message in recorder.messages:
            handed[message.recipients[0].split("@")[0]].append(message.octets())
        self.assertEqual(sum(map(len, handed.values())), len(mails))
        stored = read_maildirs(mta.maildirs, self.stand.kinds)
        # The guard changed nothing: what it stored is what Postfix gave it.
        given = pipes.read_copies(copies, self.stand.kinds)
        for kind in self.stand.kinds:
            self.assertEqual(collections.Counter(stored[kind]), collections.Counter(given[kind]))
        _, passed = check_round(stored, handed, self.stand.users, self.stand.stranger)
        self.assertEqual(passed, messages.encrypted_by_the_sender())

    def test_local_submission_escapes_the_milter_and_not_the_guard(self):
        mta, recorder = self.set_up()
        mta.sendmail(SENDER, [gpg.address_of("rsa3072")], LETTER.replace(b"\r\n", b"\n"))
        stored = wait_until(lambda: read_new(mta, "rsa3072"), "the message is stored")
        self.assertEqual(recorder.messages, [])
        self.assertTrue(is_sealed(stored[0]))
        self.assertNotIn(SECRET, everything_below(mta.maildirs))

    def test_an_alias_escapes_the_milter_and_not_the_guard(self):
        mta, _ = self.set_up(main={
            "virtual_alias_maps": "inline:{ info@sealed.test=cv25519@sealed.test }"})
        queue_id = smtp.send(mta.port, SENDER, ["info@sealed.test"], LETTER)
        mta.await_removed([queue_id])
        self.assertTrue(is_sealed(read_maildir(mta.maildirs / "cv25519")[0]))
        self.assertNotIn(SECRET, everything_below(mta.maildirs))

    def test_several_recipients_with_and_without_keys_each_get_theirs(self):
        mta, _ = self.set_up()
        recipients = [gpg.address_of("rsa2048"), "nokey@sealed.test", gpg.address_of("nistp521")]
        queue_id = smtp.send(mta.port, SENDER, recipients, LETTER)
        mta.await_removed([queue_id])
        for kind in ("rsa2048", "nistp521"):
            stored = read_maildir(mta.maildirs / kind)
            self.assertEqual(len(stored), 1)
            self.assertTrue(is_sealed(stored[0]))
            self.assertNotIn(SECRET, stored[0])
        self.assertIn(SECRET, read_maildir(mta.maildirs / "nokey")[0])


def read_new(mta, kind):
    """What has arrived; unlike read_maildir, while deliveries go on."""
    new = mta.maildirs / kind / "new"
    return [path.read_bytes() for path in new.iterdir()] if new.exists() else []


if __name__ == "__main__":
    harness.main()
