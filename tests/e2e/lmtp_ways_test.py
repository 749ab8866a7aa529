#!/usr/bin/python3
# needs: root
"""Whatever way mail takes to a keyed mailbox, it lies there sealed, exactly once: the guard into Maildirs and
into Dovecot, each with the milter in front and without."""

import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lib"))
import dovecot
import gpg
import harness
import lmtp_guard
import postfix
import smtp
from guard_tests import LETTER, SECRET, SENDER
from lmtp_guard import EXAMPLES
from processes import wait_until
from smtp_sink import Sink
from stand import Stand, everything_below, read_maildir
from verify import Opened

KIND = "cv25519"
ADDRESS = gpg.address_of(KIND)
OTHER = "nistp256"
LOCAL_LETTER = LETTER.replace(b"\r\n", b"\n")
MAIN = {
    "recipient_delimiter": "+",
    "virtual_alias_maps": f"inline:{{ {{ info@sealed.test = {ADDRESS} }} "
                          f"{{ @catch.test = {ADDRESS} }} {{ away@sealed.test = bob@out.test }} "
                          f"{{ both@sealed.test = {ADDRESS}, bob@out.test }} }}",
    "virtual_alias_domains": "catch.test",
    "mydestination": "local.test, localhost",
    "alias_maps": f"inline:{{ friend={ADDRESS} }}",
    "local_recipient_maps": "",
    "mailbox_transport": "$virtual_transport",
    "sender_bcc_maps": f"inline:{{ copied@out.test={ADDRESS} }}",
    "notify_classes": "",
}


class Ways:
    """A TestCase that inherits this has set_up_guard() and stored(kind)."""

    milter = False

    @classmethod
    def setUpClass(cls):
        cls.stand = Stand([KIND, OTHER])
        cls.addClassCleanup(cls.stand.close)
        cls.outside = Sink()
        cls.addClassCleanup(cls.outside.stop)
        cls.number = 0

    def setUp(self):
        type(self).number += 1
        self.base = self.stand.directory / f"{type(self).__name__}{self.number}"
        self.base.mkdir()
        self.base.chmod(0o755)
        main, services = self.set_up_guard()
        main |= MAIN
        main["transport_maps"] = f"inline:{{ out.test=smtp:[127.0.0.1]:{self.outside.port} }}"
        if self.milter:
            milter = self.stand.milter("--guard", "yes", name=f"{type(self).__name__}m{self.number}")
            self.addCleanup(milter.kill)
            place = "{ unix:%s, default_action=tempfail }" % milter.socket
            main |= {"smtpd_milters": place, "non_smtpd_milters": place,
                     "internal_mail_filter_classes": "bounce"}
        self.mta = postfix.Postfix(self.base / "mta", self.stand.addresses, main=main,
                                   services=services)
        self.addCleanup(self.mta.stop)
        self.outside.clear()

    def send(self, recipient, sender=SENDER, message=LETTER):
        return smtp.send(self.mta.port, sender, [recipient], message)

    def send_to(self, recipients):
        return smtp.send(self.mta.port, SENDER, recipients, LETTER)

    def expect_sealed(self, originals=1):
        """So many messages in the keyed mailbox, each sealed once, and no clear text anywhere."""
        wait_until(lambda: self.has_left() and len(self.stored(KIND)) >= originals,
                   f"{originals} messages are stored", 60)
        stored = self.stored(KIND)
        self.assertEqual(len(stored), originals)
        opened = [Opened(octets, self.stand.users, self.stand.stranger, KIND) for octets in stored]
        for message in opened:
            self.assertIn(SECRET, message.original)
            self.assertNotIn(b"-----BEGIN PGP MESSAGE-----", message.original)
        self.assertNotIn(SECRET, everything_below(self.mailboxes))
        return opened

    def has_left(self):
        """Whether nothing is in the queue; a first try that failed would be repeated only minutes later."""
        waiting = self.mta.queue()
        if waiting:
            self.mta.flush()
        return not waiting

    def await_outside(self):
        return wait_until(lambda: self.has_left() and self.outside.messages, "bob has it", 60)

    def test_straight(self):
        self.send(ADDRESS)
        self.expect_sealed()

    def test_virtual_alias(self):
        self.send("info@sealed.test")
        self.expect_sealed()

    def test_local_alias(self):
        self.send("friend@local.test")
        self.expect_sealed()

    def test_catch_all(self):
        self.send("whatever.name@catch.test")
        self.expect_sealed()

    def test_detail(self):
        self.send(f"{KIND}+lists@sealed.test")
        self.expect_sealed()

    def test_detail_that_needs_quotes(self):
        self.send(f'"{KIND}+a b"@sealed.test')
        self.expect_sealed()

    def test_sendmail(self):
        self.mta.sendmail(SENDER, [ADDRESS], LOCAL_LETTER)
        self.expect_sealed()

    def test_bcc_map(self):
        self.send("bob@out.test", sender="copied@out.test")
        self.expect_sealed()
        self.assertIn(SECRET, self.await_outside()[0])

    def test_bounce_that_quotes_the_users_mail(self):
        self.mta.sendmail(ADDRESS, ["nobody.there@nowhere.test"], LOCAL_LETTER)
        bounce = self.expect_sealed()[0]
        self.assertIn(b"multipart/report", bounce.original)

    def test_forward_to_outside_leaves_unsealed(self):
        self.send("away@sealed.test")
        outside = self.await_outside()
        self.assertIn(SECRET, outside[0])
        self.assertEqual(self.stored(KIND), [])

    def test_an_alias_for_the_mailbox_and_for_outside(self):
        self.send("both@sealed.test")
        self.expect_sealed()
        outside = self.await_outside()
        self.assertIn(SECRET, outside[0])

    def test_several_users_at_once(self):
        self.send_to([ADDRESS, gpg.address_of(OTHER), "info@sealed.test", "friend@local.test"])
        wait_until(lambda: self.has_left() and self.stored(OTHER), "the other user has it", 60)
        opened = Opened(self.stored(OTHER)[0], self.stand.users, self.stand.stranger, OTHER)
        self.assertNotIn(b"-----BEGIN PGP MESSAGE-----", opened.original)
        self.expect_sealed(3)  # Postfix delivers for each original recipient


class IntoMaildirs(Ways):
    def set_up_guard(self):
        self.mailboxes = self.base / "mail"
        self.mailboxes.mkdir()
        self.mailboxes.chmod(0o777)
        guard = lmtp_guard.start(self.stand, f"maildir:{self.mailboxes}/%u",
                                 ["--recipient-delimiter", "+", "--mailbox-domain", gpg.DOMAIN])
        self.addCleanup(guard.stop)
        return (lmtp_guard.settings("postfix-lmtp.main.cf", guard.socket),
                [(EXAMPLES / "postfix-lmtp.master.cf").read_text()])

    def test_other_names_of_the_host(self):
        for number, name in enumerate(("localhost", "Local.Test", "[127.0.0.1]"), 1):
            self.send(f"{KIND}@{name}")
            self.expect_sealed(number)

    def stored(self, kind):
        new = self.mailboxes / kind / "new"
        return [path.read_bytes() for path in new.iterdir()] if new.exists() else []


class IntoDovecot(Ways):
    def set_up_guard(self):
        self.imap = dovecot.Dovecot(self.base / "dovecot", self.stand.addresses,
                                    more="recipient_delimiter = +")
        self.addCleanup(self.imap.stop)
        self.mailboxes = self.imap.mail
        guard = lmtp_guard.start(self.stand, f"lmtp:unix:{self.imap.socket}",
                                 ["--recipient-delimiter", "+"])
        self.addCleanup(guard.stop)
        return lmtp_guard.settings("postfix-lmtp-dovecot.main.cf", guard.socket), []

    def stored(self, kind):
        return self.imap.stored(gpg.address_of(kind))


NO_POSTFIX = postfix.available()
NO_DOVECOT = NO_POSTFIX or dovecot.available()


@unittest.skipIf(NO_POSTFIX, NO_POSTFIX)
class MaildirsAlone(IntoMaildirs, unittest.TestCase):
    pass


@unittest.skipIf(NO_POSTFIX, NO_POSTFIX)
class MaildirsBehindMilter(IntoMaildirs, unittest.TestCase):
    milter = True


@unittest.skipIf(NO_DOVECOT, NO_DOVECOT)
class DovecotAlone(IntoDovecot, unittest.TestCase):
    pass


@unittest.skipIf(NO_DOVECOT, NO_DOVECOT)
class DovecotBehindMilter(IntoDovecot, unittest.TestCase):
    milter = True


if __name__ == "__main__":
    harness.main()
