#!/usr/bin/python3
# needs: root
"""Postfix hands mail to maildircrypt-lmtp, which stores it in Maildirs: sealed, exactly, once."""

import os
import pathlib
import shutil
import signal
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lib"))
import gpg
import harness
import lmtp_guard
import postfix
import smtp
from guard_tests import LETTER, SECRET, SENDER, GuardTests
from lmtp_guard import EXAMPLES
from processes import wait_until
from stand import everything_below, read_maildir
from verify import is_sealed


class Guarded(postfix.Postfix):
    """A Postfix whose guard ends with it."""

    guard = None
    handed = None

    def stop(self):
        super().stop()
        if self.handed:
            self.handed.stop()
        self.guard.stop()


@unittest.skipIf(postfix.available(), postfix.available())
class PostfixLmtp(GuardTests, unittest.TestCase):
    line_end = "crlf"

    def copies(self):
        return []  # gets the recorder

    def read_copies(self, copies, kinds):
        return copies[0].handed(kinds)

    def start_mta(self, directory, options, copies, unlimited):
        directory.mkdir()
        maildirs = directory / "maildirs"
        maildirs.mkdir()
        maildirs.chmod(0o777)
        guard = lmtp_guard.start(self.stand, f"maildir:{maildirs}/%u", options)
        self.addCleanup(guard.stop)
        handed = None
        if copies is not None:
            handed = lmtp_guard.recorder(self.stand, guard)
            copies.append(handed)
        main = lmtp_guard.settings("postfix-lmtp.main.cf", handed.path if handed else guard.socket)
        if unlimited:
            main |= {"message_size_limit": "0", "virtual_mailbox_limit": "0"}
        service = (EXAMPLES / "postfix-lmtp.master.cf").read_text()
        mta = Guarded(directory, self.stand.addresses, services=[service], main=main)
        mta.guard, mta.handed = guard, handed
        return mta

    # ---- what only the resident guard is asked

    def test_what_a_final_delivery_adds_stands_outside(self):
        mta = self.mta()
        queue_id = smtp.send(mta.port, SENDER, [gpg.address_of("cv25519")], LETTER)
        mta.await_removed([queue_id])
        head = read_maildir(mta.maildirs / "cv25519")[0].partition(b"\n\n")[0] + b"\n"
        self.assertIn(f"\nReturn-Path: <{SENDER}>\n".encode(), b"\n" + head)
        self.assertIn(b"\nDelivered-To: cv25519@sealed.test\n", b"\n" + head)

    def test_killed_in_the_middle_mail_waits_and_comes_once(self):
        mta = self.mta()
        big = LETTER + b"x" * 70 * 100000 + b"\r\n"
        queue_id = smtp.send(mta.port, SENDER, [gpg.address_of("cv25519")], big)
        tmp = mta.maildirs / "cv25519/tmp"
        wait_until(lambda: tmp.exists() and any(tmp.iterdir()), "the delivery has begun")
        os.kill(mta.guard.pid, signal.SIGKILL)
        mta.guard.process.wait()
        outcome = mta.await_outcome(queue_id)
        visible = list((mta.maildirs / "cv25519/new").iterdir())
        self.assertEqual(outcome, "sent" if visible else "deferred")
        self.assertNotIn(SECRET, everything_below(mta.maildirs))
        for left in tmp.iterdir():
            left.unlink()
        os.unlink(mta.guard.socket)
        again = lmtp_guard.start(self.stand, f"maildir:{mta.maildirs}/%u")
        self.addCleanup(again.stop)
        os.symlink(again.socket, mta.guard.socket)
        mta.flush()
        mta.await_removed([queue_id])
        stored = read_maildir(mta.maildirs / "cv25519")
        self.assertEqual(len(stored), 1)
        self.assertTrue(is_sealed(stored[0]))

    def test_sigterm_under_load_loses_nothing_and_doubles_nothing(self):
        mta = self.mta()
        mails = [(SENDER, [gpg.address_of(self.stand.kind_of(i))],
                  b"Message-ID: <%d@load>\r\n" % i + LETTER) for i in range(100)]
        queue_ids = smtp.send_many(mta.port, mails)
        wait_until(lambda: any(mta.maildirs.glob("*/new/*")), "some mail has arrived")
        mta.guard.process.terminate()
        self.assertEqual(mta.guard.process.wait(30), 0)
        again = lmtp_guard.start(self.stand, f"maildir:{mta.maildirs}/%u")
        self.addCleanup(again.stop)
        if mta.guard.socket.exists():
            os.unlink(mta.guard.socket)
        os.symlink(again.socket, mta.guard.socket)

        def gone():
            mta.flush()
            return not set(queue_ids) & set(mta.queue())

        wait_until(gone, "everything is delivered", 60)
        stored = [octets for kind in self.stand.kinds
                  for octets in read_maildir(mta.maildirs / kind)]
        names = sorted(line for octets in stored for line in octets.split(b"\n")
                       if line.startswith(b"Message-ID:"))
        self.assertEqual(names, sorted(b"Message-ID: <%d@load>" % i for i in range(100)))
        self.assertTrue(all(map(is_sealed, stored)))

    @unittest.skipUnless(shutil.which("mount"), "mount(8) is missing")
    def test_a_full_disk_means_later_until_there_is_room(self):
        directory = self.stand.directory / "small"
        directory.mkdir()
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k,mode=777", "tmpfs",
                                  directory], capture_output=True, check=False)
        if mounted.returncode != 0:
            self.skipTest("no file system can be mounted here")
        self.addCleanup(subprocess.run, ["umount", directory], check=True)
        guard = lmtp_guard.start(self.stand, f"maildir:{directory}/%u")
        self.addCleanup(guard.stop)
        service = (EXAMPLES / "postfix-lmtp.master.cf").read_text()
        mta = Guarded(self.stand.directory / "full", self.stand.addresses, services=[service],
                      main=lmtp_guard.settings("postfix-lmtp.main.cf", guard.socket))
        mta.guard = guard
        self.addCleanup(mta.stop)
        filler = directory / "filler"
        filler.write_bytes(b"x" * 200_000)
        big = LETTER + b"x" * 70 * 1500 + b"\r\n"
        for address in (gpg.address_of("cv25519"), "nokey@sealed.test"):
            queue_id = smtp.send(mta.port, SENDER, [address], big)
            self.assertEqual(mta.await_outcome(queue_id), "deferred")
        self.assertEqual(read_maildir(directory / "cv25519"), [])
        waiting = mta.queue()
        filler.unlink()
        subprocess.run(["mount", "-o", "remount,size=4m", directory], check=True)
        mta.flush()
        mta.await_removed(waiting)
        self.assertEqual(len(read_maildir(directory / "cv25519")), 1)
        self.assertEqual(len(read_maildir(directory / "nokey")), 1)


if __name__ == "__main__":
    harness.main()
