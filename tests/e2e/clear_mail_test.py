#!/usr/bin/python3
# needs: root
"""Mail that policy lets pass in clear, for an address that has or had a key: counted and alarmed."""

import itertools
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lib"))
import gpg
import harness
import lmtp_guard
import pipes
import postfix
import smtp
from guard_tests import LETTER, SECRET, SENDER
from processes import wait_until
from stand import Stand, read_maildir

GONE = gpg.address_of("cv25519")  # a tombstone: its policy is that of revoked keys
RELEASED = gpg.address_of("rsa2048")
NOKEY = f"nokey@{gpg.DOMAIN}"
PASSES = ["--revoked", "pass"]
counter = itertools.count()


@unittest.skipIf(postfix.available(), postfix.available())
class ClearMail(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.stand = Stand(kinds=["cv25519", "rsa2048"])
        cls.addClassCleanup(cls.stand.close)
        cls.stand.keyd.cli("remove", "--keep-tombstone", GONE)
        cls.stand.keyd.cli("remove", RELEASED)

    def counted(self):
        samples = self.stand.keyd.metrics()
        found = {state: int(samples["clear_mail_total", state])
                 for state in ("no-key", "released", "tombstone", "revoked")}
        found["alarms"] = int(samples["clear_mail_alarms_total", None])
        return found

    def directory(self):
        directory = self.stand.directory / f"mta{next(counter)}"
        directory.mkdir()
        (directory / "maildirs").mkdir()
        (directory / "maildirs").chmod(0o777)
        return directory

    def check(self, mta, front_end_log):
        """One letter each; what keyd counts and what both of them log."""
        before = self.counted()
        queue_ids = [smtp.send(mta.port, SENDER, [address], LETTER)
                     for address in (GONE, RELEASED, NOKEY)]
        mta.await_removed(queue_ids)
        for address in (GONE, RELEASED, NOKEY):
            self.assertIn(SECRET, read_maildir(mta.maildirs / address.split("@")[0])[0])
        grown = lambda: {key: value - before[key] for key, value in self.counted().items()}
        wait_until(lambda: sum(grown().values()) == 5, "keyd has heard of all")
        self.assertEqual(grown(), {"no-key": 1, "released": 1, "tombstone": 1, "revoked": 0,
                                   "alarms": 2})
        own = self.stand.keyd.server.output()
        for address, state in ((GONE, "tombstone"), (RELEASED, "released")):
            self.assertIn(f"clear_mail address={address} state={state} uid=", own)
            if front_end_log:
                wait_until(lambda address=address, state=state:
                           f"clear_mail_alarm recipient={address} key={state} reported=yes"
                           in front_end_log(), "the front end alarms")
        self.assertNotIn(f"clear_mail address={NOKEY}", own)

    def test_by_the_lmtp_server(self):
        directory = self.directory()
        guard = lmtp_guard.start(self.stand, f"maildir:{directory}/maildirs/%u", PASSES)
        self.addCleanup(guard.stop)
        service = (lmtp_guard.EXAMPLES / "postfix-lmtp.master.cf").read_text()
        mta = postfix.Postfix(directory, [GONE, RELEASED, NOKEY], services=[service],
                              main=lmtp_guard.settings("postfix-lmtp.main.cf", guard.socket))
        self.addCleanup(mta.stop)
        self.check(mta, guard.output)

    def test_by_the_pipe(self):
        directory = self.directory()
        service = pipes.postfix_service(self.stand, directory / "maildirs", PASSES)
        mta = postfix.Postfix(directory, [GONE, RELEASED, NOKEY], services=[service],
                              main=pipes.postfix_settings("postfix-pipe.main.cf"))
        self.addCleanup(mta.stop)
        self.check(mta, None)  # it logs to syslog, which a test does not read

    def test_by_the_milter_without_a_guard(self):
        directory = self.directory()
        milter = self.stand.milter(*PASSES, name=f"milter-{directory.name}")
        self.addCleanup(milter.kill)
        mta = postfix.Postfix(directory, [GONE, RELEASED, NOKEY], main={
            "smtpd_milters": "{ unix:%s, default_action=tempfail }" % milter.socket})
        self.addCleanup(mta.stop)
        self.check(mta, milter.output)

    def test_a_milter_in_front_of_a_guard_leaves_counting_to_it(self):
        directory = self.directory()
        milter = self.stand.milter(*PASSES, "--guard", "yes", name=f"milter-{directory.name}")
        self.addCleanup(milter.kill)
        guard = lmtp_guard.start(self.stand, f"maildir:{directory}/maildirs/%u", PASSES)
        self.addCleanup(guard.stop)
        service = (lmtp_guard.EXAMPLES / "postfix-lmtp.master.cf").read_text()
        mta = postfix.Postfix(directory, [GONE, RELEASED, NOKEY], services=[service], main={
            "smtpd_milters": "{ unix:%s, default_action=tempfail }" % milter.socket,
            **lmtp_guard.settings("postfix-lmtp.main.cf", guard.socket)})
        self.addCleanup(mta.stop)
        self.check(mta, guard.output)
        self.assertNotIn("clear_mail_alarm", milter.output())


if __name__ == "__main__":
    harness.main()
