#!/usr/bin/python3
# needs: root
"""The harness alone, without our programs: what it finds later is therefore ours."""

import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lib"))
import exim
import gpg
import harness
import postfix
import smtp
import testkeys
from processes import wait_until

MESSAGE = b"From: a@out.test\r\nSubject: test\r\n\r\n.dot\r\nbody\r\n"


class Harness(unittest.TestCase):
    def setUp(self):
        self.directory = harness.temporary_directory()

    @unittest.skipIf(postfix.available(), postfix.available())
    def test_two_private_postfixes_deliver_at_once(self):
        with postfix.Postfix(self.directory / "a", ["user@sealed.test"]) as a, \
                postfix.Postfix(self.directory / "b", ["user@sealed.test"]) as b:
            for mta in (a, b):
                queue_id = smtp.send(mta.port, "a@out.test", ["user@sealed.test"], MESSAGE)
                mta.await_removed([queue_id])
                self.assertEqual(mta.outcome(queue_id), "sent")
                stored = [path.read_bytes() for path in (mta.maildirs / "user/new").iterdir()]
                self.assertEqual(len(stored), 1)
                self.assertTrue(stored[0].endswith(b"\n\n.dot\nbody\n"))
        self.assertIsNotNone(a.server.process.returncode)

    @unittest.skipIf(postfix.available(), postfix.available())
    def test_sendmail_and_the_queue_belong_to_the_private_postfix(self):
        with postfix.Postfix(self.directory / "a", [],
                             main={"default_transport": "retry:not now"}) as mta:
            mta.sendmail("a@out.test", ["b@elsewhere.test"], MESSAGE.replace(b"\r\n", b"\n"))
            wait_until(lambda: "status=deferred" in mta.log(), "the message is deferred")
            self.assertEqual(len(mta.queue()), 1)

    @unittest.skipIf(exim.available(), exim.available())
    def test_a_private_exim_delivers(self):
        transport = exim.MAILDIR.replace("$local_part_data", "all")
        with exim.Exim(self.directory / "exim", transport=transport) as mta:
            smtp.send(mta.port, "a@out.test", ["user@sealed.test"], MESSAGE)
            self.assertEqual(len(mta.queue()), 1)
            mta.deliver()
            self.assertEqual(mta.queue(), [], mta.log())
            stored = [path.read_bytes() for path in (mta.maildirs / "all/new").iterdir()]
            self.assertEqual(len(stored), 1)
            self.assertTrue(stored[0].endswith(b"\n\n.dot\nbody\n"))

    def test_every_user_decrypts_what_gpg_encrypts_and_the_stranger_does_not(self):
        with testkeys.users(self.directory) as users, testkeys.stranger(self.directory) as stranger:
            for kind in gpg.KINDS:
                address = gpg.address_of(kind)
                armour = users.run("--armor", "--encrypt", "--recipient", f"<{address}>",
                                   data=b"text").stdout
                self.assertEqual(users.decrypt(armour),
                                 (b"text", [users.encryption_key_id(address)]))
                with self.assertRaises(gpg.DecryptionFailed):
                    stranger.decrypt(armour)


if __name__ == "__main__":
    harness.main()
