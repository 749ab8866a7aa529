#!/usr/bin/python3
# needs: root
"""Postfix -> maildircrypt-lmtp -> Dovecot's LMTP with Sieve and quota: every right answer, nothing lost."""

import collections
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lib"))
import dovecot
import gpg
import harness
import lmtp_guard
import messages
import postfix
import smtp
from guard_tests import LETTER, SECRET, SENDER
from processes import wait_until
from stand import Stand, everything_below
from undo import split_fields
from verify import Opened, check_round, is_sealed

ADDRESS = gpg.address_of("cv25519")
NO_KEY = f"nokey@{gpg.DOMAIN}"


def missing():
    return postfix.available() or dovecot.available()


@unittest.skipIf(missing(), missing())
class DovecotLmtp(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.stand = Stand()
        cls.addClassCleanup(cls.stand.close)
        cls.number = 0

    def set_up(self, main=None, options=(), record=False, mail=None, **more):
        type(self).number += 1
        base = self.stand.directory / f"set{self.number}"
        base.mkdir()
        base.chmod(0o755)
        self.imap = dovecot.Dovecot(base / "dovecot", self.stand.addresses, mail=mail, **more)
        self.addCleanup(lambda: self.imap.stop())
        self.guard = lmtp_guard.start(self.stand, f"lmtp:unix:{self.imap.socket}", options)
        self.addCleanup(lambda: self.guard.stop())
        socket = self.guard.socket
        if record:
            self.recorder = lmtp_guard.recorder(self.stand, self.guard)
            self.addCleanup(self.recorder.stop)
            socket = self.recorder.path
        settings = lmtp_guard.settings("postfix-lmtp-dovecot.main.cf", socket)
        self.mta = postfix.Postfix(base / "mta", self.stand.addresses,
                                   main=settings | (main or {}))
        self.addCleanup(self.mta.stop)
        return self.mta

    def deliver(self, address, message, sender=SENDER):
        queue_id = smtp.send(self.mta.port, sender, [address], message)
        self.mta.await_removed([queue_id])
        return queue_id

    def opened(self, octets, kind="cv25519"):
        return Opened(octets, self.stand.users, self.stand.stranger, kind)

    # ---- mail

    def test_200_messages_undo_to_what_was_handed_over(self):
        mta = self.set_up(record=True)
        mails = [(SENDER, [gpg.address_of(self.stand.kind_of(number))], octets)
                 for number, (_, octets) in enumerate(messages.everything())]
        mta.await_removed(smtp.send_many(mta.port, mails), 300)
        handed = self.recorder.handed(self.stand.kinds)
        stored = {kind: self.imap.stored(gpg.address_of(kind)) for kind in self.stand.kinds}
        self.assertEqual(sum(map(len, stored.values())), len(mails))
        _, passed = check_round(stored, handed, self.stand.users, None)
        self.assertEqual(passed, messages.encrypted_by_the_sender())

    def test_what_imap_serves_opens_and_undoes(self):
        self.set_up(record=True)
        self.deliver(ADDRESS, LETTER)
        served = self.imap.fetch(ADDRESS)
        self.assertEqual(len(served), 1)
        self.assertEqual([self.opened(served[0]).original],
                         self.recorder.handed(["cv25519"])["cv25519"])
        self.assertNotIn(SECRET, everything_below(self.imap.mail))

    def test_one_message_to_all_users_is_sealed_to_each_alone(self):
        mta = self.set_up()
        recipients = [*map(gpg.address_of, self.stand.kinds), NO_KEY]
        mta.await_removed([smtp.send(mta.port, SENDER, recipients, LETTER)])
        for kind in self.stand.kinds:
            stored = self.imap.stored(gpg.address_of(kind))
            self.assertEqual(len(stored), 1)
            self.opened(stored[0], kind)
        clear = self.imap.stored(NO_KEY)
        self.assertEqual(len(clear), 1)
        self.assertIn(b"Maildircrypt-Provenance: clear; host=mx.sealed.test; reason=no-key",
                      clear[0])

    # ---- what hosts have Dovecot for

    def test_sieve_files_by_the_outer_header(self):
        self.set_up()
        self.imap.sieve(ADDRESS, 'require ["fileinto", "mailbox"];\n'
                        'if header :contains "List-Id" "lists.out.test" '
                        '{ fileinto :create "Lists"; }\n')
        self.deliver(ADDRESS, b"List-Id: <talk.lists.out.test>\r\n" + LETTER)
        self.deliver(ADDRESS, LETTER)
        self.assertEqual(len(self.imap.stored(ADDRESS, "Lists")), 1)
        self.assertEqual(len(self.imap.stored(ADDRESS)), 1)
        self.opened(self.imap.stored(ADDRESS, "Lists")[0])

    def test_vacation_answers_the_sender_and_says_nothing_of_the_letter(self):
        self.set_up()
        self.imap.sieve(ADDRESS, 'require "vacation";\nvacation :days 1 "I am away.";\n')
        self.deliver(ADDRESS, b"To: cv25519@sealed.test\r\nMessage-ID: <v@out.test>\r\n" + LETTER)
        answers = wait_until(self.imap.sent, "vacation has answered")
        self.assertEqual(len(answers), 1)
        self.assertIn(SENDER.encode(), answers[0])
        self.assertIn(b"I am away.", answers[0])
        self.assertIn(b"In-Reply-To: <v@out.test>", answers[0])
        self.assertNotIn(b"hidden subject", answers[0])
        self.assertEqual(len(self.imap.stored(ADDRESS)), 1)

    def test_vacation_answers_the_same_letters_in_every_mode_as_for_clear_mail(self):
        kinds = {"standard": "rsa2048", "minimal": "cv25519", "all": "nistp384"}
        users = [f"{kind}@{gpg.DOMAIN}" for kind in kinds.values()]
        self.set_up(options=[f"--outer-headers-for={user}={mode}" for mode, user in zip(kinds, users)])
        users.append(NO_KEY)
        letters = {  # what stands in the header, besides From
            "to": "To: %s", "cc": "To: b@out.test\r\nCc: %s", "resent": "To: b@out.test\r\nResent-To: %s",
            "bcc": "To: b@out.test", "list": "To: %s\r\nList-Id: <a.out.test>",
            "post": "To: %s\r\nList-Unsubscribe: <mailto:a@out.test>", "bulk": "To: %s\r\nPrecedence: bulk",
            "auto": "To: %s\r\nAuto-Submitted: auto-replied",
            "oof": "To: %s\r\nX-Auto-Response-Suppress: OOF", "no": "To: %s\r\nAuto-Submitted: no"}
        queue_ids = []
        for user in users:
            self.imap.sieve(user, 'require "vacation";\nvacation "I am away.";\n')
            for name, fields in letters.items():
                fields = (fields % user if "%" in fields else fields).encode()
                sender = f"{name}.{user.split('@')[0]}@out.test"
                letter = LETTER.replace(b"From: " + SENDER.encode(),
                                        fields + b"\r\nFrom: " + sender.encode())
                queue_ids.append(smtp.send(self.mta.port, sender, [user], letter))
        self.mta.await_removed(queue_ids)

        def answered(user):
            local = user.split("@")[0]
            return {name for name in letters
                    for answer in self.imap.sent()
                    if f"To: <{name}.{local}@out.test>".encode() in answer}

        clear = wait_until(lambda: answered(NO_KEY) >= {"to", "cc", "resent", "no"} and answered(NO_KEY),
                           "vacation has answered clear mail")
        self.assertEqual(clear & {"bcc", "list", "post", "bulk", "auto"}, set())
        for user in users:
            wait_until(lambda: answered(user) >= clear, f"{user}'s vacation has answered")
            self.assertEqual(answered(user), clear, user)
            self.assertEqual(len(self.imap.stored(user)), len(letters))

    def test_a_quota_refusal_comes_back_with_its_code_and_for_its_recipient_alone(self):
        mta = self.set_up()
        self.imap.set_quota(ADDRESS, 3000)
        other = gpg.address_of("rsa2048")
        queue_id = smtp.send(mta.port, SENDER, [ADDRESS, other], LETTER + b"x" * 4000 + b"\r\n")
        log = wait_until(lambda: [line for line in mta.log().splitlines()
                                  if f"{queue_id}: to=<" in line and "status=" in line][1:]
                         and mta.log(), "both recipients have an outcome")
        lines = {address: next(line for line in log.splitlines()
                               if f"{queue_id}: to=<{address}>" in line)
                 for address in (ADDRESS, other)}
        self.assertIn("status=bounced", lines[ADDRESS])
        self.assertIn("dsn=5.2.2", lines[ADDRESS])
        self.assertIn("552 5.2.2", lines[ADDRESS])
        self.assertIn("status=sent", lines[other])
        self.assertEqual(self.imap.stored(ADDRESS), [])
        self.assertEqual(len(self.imap.stored(other)), 1)

    def test_an_unknown_user_is_refused_by_dovecot_and_bounced(self):
        mta = self.set_up(main={"virtual_mailbox_maps": "static:all"})
        queue_id = smtp.send(mta.port, SENDER, ["nobody.here@sealed.test"], LETTER)
        self.assertEqual(mta.await_outcome(queue_id), "bounced")
        self.assertIn("550 5.1.1", mta.log())

    # ---- faults

    def test_dovecot_away_defers_and_mail_comes_when_it_is_back(self):
        mta = self.set_up()
        self.imap.stop()
        queue_id = smtp.send(mta.port, SENDER, [ADDRESS], LETTER)
        self.assertEqual(mta.await_outcome(queue_id), "deferred")
        self.assertIn("451 4.4.1", mta.log())
        self.imap.start()
        mta.flush()
        mta.await_removed([queue_id])
        self.assertEqual(len(self.imap.stored(ADDRESS)), 1)

    def test_dovecot_killed_in_the_middle_loses_and_doubles_nothing(self):
        mta = self.set_up()
        ids = [b"<%d@killed>" % number for number in range(60)]
        mails = [(SENDER, [gpg.address_of(self.stand.kind_of(number))],
                  b"Message-ID: " + name + b"\r\n" + LETTER + b"x" * 70 * 300 + b"\r\n")
                 for number, name in enumerate(ids)]
        queue_ids = smtp.send_many(mta.port, mails)
        wait_until(lambda: any(self.imap.mail.glob("*/Maildir/new/*")), "some mail has arrived")
        os.killpg(self.imap.server.pid, signal.SIGKILL)
        self.imap.server.process.wait()
        wait_until(lambda: all(mta.outcome(queue_id) for queue_id in queue_ids),
                   "each message has an outcome")
        self.assertNotIn("bounced", {mta.outcome(queue_id) for queue_id in queue_ids})
        for path in (self.imap.directory / "run").rglob("*"):
            if path.is_socket() or path.name == "master.pid":
                path.unlink()
        self.imap.socket.unlink(missing_ok=True)
        self.imap.start()

        def gone():
            mta.flush()
            return not set(queue_ids) & set(mta.queue())

        wait_until(gone, "everything is delivered", 60)
        stored = [octets for kind in self.stand.kinds
                  for octets in self.imap.stored(gpg.address_of(kind))]
        self.assertTrue(all(map(is_sealed, stored)))
        names = collections.Counter(name for name in ids for octets in stored
                                    if b"\nMessage-ID: " + name in octets.replace(b"\r", b""))
        self.assertEqual(set(names), set(ids))
        # A message may be there twice only where Dovecot had stored it and died before its 250.
        self.assertLessEqual(sum(names.values()) - len(ids), 20)

    def test_the_guard_killed_in_the_middle_loses_nothing(self):
        mta = self.set_up()
        big = LETTER + b"x" * 70 * 60000 + b"\r\n"
        queue_id = smtp.send(mta.port, SENDER, [ADDRESS], big)
        wait_until(lambda: any(self.imap.mail.glob("*/Maildir/tmp/*")) or mta.outcome(queue_id),
                   "Dovecot is taking the message")
        os.kill(self.guard.pid, signal.SIGKILL)
        self.guard.process.wait()
        mta.await_outcome(queue_id)
        os.unlink(self.guard.socket)
        again = lmtp_guard.start(self.stand, f"lmtp:unix:{self.imap.socket}")
        self.addCleanup(again.stop)
        os.symlink(again.socket, self.guard.socket)
        if queue_id in mta.queue():
            mta.flush()
        mta.await_removed([queue_id])
        stored = self.imap.stored(ADDRESS)
        # Twice where Dovecot had the whole message when the guard died: it stores what it has, perhaps
        # only after the retry has begun. Never more often than there were attempts.
        self.assertIn(len(stored), (1, 2))
        self.assertTrue(all(map(is_sealed, stored)))

    @unittest.skipUnless(shutil.which("mount"), "mount(8) is missing")
    def test_a_full_disk_behind_dovecot_means_later_until_there_is_room(self):
        mail = self.stand.directory / "small"
        mail.mkdir()
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m,mode=777", "tmpfs", mail],
                                 capture_output=True, check=False)
        if mounted.returncode != 0:
            self.skipTest("no file system can be mounted here")
        self.addCleanup(subprocess.run, ["umount", mail], check=True)
        mta = self.set_up(mail=mail)
        self.addCleanup(self.imap.stop)  # before the file system goes
        (mail / "filler").write_bytes(b"x" * 800_000)
        queue_id = smtp.send(mta.port, SENDER, [ADDRESS], LETTER + b"x" * 70 * 5000 + b"\r\n")
        self.assertEqual(mta.await_outcome(queue_id), "deferred", mta.log()[-1500:])
        self.assertEqual(self.imap.stored(ADDRESS), [])
        (mail / "filler").unlink()
        subprocess.run(["mount", "-o", "remount,size=8m", mail], check=True)
        mta.flush()
        mta.await_removed([queue_id])
        self.assertEqual(len(self.imap.stored(ADDRESS)), 1)
        self.opened(self.imap.stored(ADDRESS)[0])


if __name__ == "__main__":
    harness.main()
