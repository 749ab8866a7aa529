#!/usr/bin/python3
# needs: root
"""Several recipients in one transaction, from the programs that really send: stock Postfix, swaks,
smtplib, an authenticated client, sendmail(1); without a guard behind the milter and with one."""

import pathlib
import shutil
import smtplib
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lib"))
import fake_keyd
import gpg
import harness
import pipes
import postfix
import smtp
import testkeys
from processes import Server, free_port, listens, wait_until
from stand import Stand, everything_below
from undo import check_packets, take_apart, undo
from verify import is_sealed

SENDER = "ada@out.test"
ALICE, BOB, CAROL = (gpg.address_of(kind) for kind in ("cv25519", "rsa2048", "nistp256"))
NOKEY = f"nokey@{gpg.DOMAIN}"
SECRET = b"the secret plaintext of this message"
ANONYMOUS = "0" * 16
OUTSIDE = ["--own-networks", "192.0.2.0/24"]  # who comes from loopback is a stranger then


def letter(*to, cc=()):
    head = f"From: {SENDER}\r\nTo: {', '.join(to)}\r\n"
    if cc:
        head += f"Cc: {', '.join(cc)}\r\n"
    return head.encode() + b"Subject: hidden subject\r\n\r\n" + SECRET + b"\r\n"


@unittest.skipIf(postfix.available(), postfix.available())
class MilterRecipients(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.stand = Stand(["cv25519", "rsa2048", "nistp256"])
        cls.addClassCleanup(cls.stand.close)
        cls.number = 0

    def set_up(self, *options, guard=False, main=None, keyd=None, addresses=None):
        """Our Postfix, with the milter for all mail, and the pipe as guard if wanted."""
        type(self).number += 1
        directory = self.stand.directory / f"mta{self.number}"
        milter = self.stand.milter("--guard", "yes" if guard else "no", "--domains", gpg.DOMAIN,
                                   *options, name=f"milter{self.number}", keyd=keyd)
        self.addCleanup(milter.kill)
        setting = "{ unix:%s, default_action=tempfail }" % milter.socket
        settings = {"smtpd_milters": setting, "non_smtpd_milters": setting,
                    "internal_mail_filter_classes": "bounce",
                    "smtpd_authorized_xclient_hosts": "127.0.0.0/8",
                    "relay_domains": "elsewhere.test",
                    "transport_maps": "inline:{ elsewhere.test=discard: }", **(main or {})}
        services = ["discard unix - - n - - discard\n"]
        if guard:
            services.append(pipes.postfix_service(self.stand, directory / "maildirs"))
            settings.update(pipes.postfix_settings("postfix-pipe.main.cf"))
        mta = postfix.Postfix(directory, addresses or self.stand.addresses, services=services,
                              main=settings)
        self.addCleanup(mta.stop)
        mta.milter = milter
        return mta

    def sender(self, mta):
        """Another stock Postfix, which sends everything to ours."""
        type(self).number += 1
        other = postfix.Postfix(self.stand.directory / f"mta{self.number}", [], main={
            "default_transport": f"smtp:[127.0.0.1]:{mta.port}", "minimal_backoff_time": "1s"})
        self.addCleanup(other.stop)
        return other

    def stored(self, mta, address):
        new = mta.maildirs / address.split("@")[0] / "new"
        return [path.read_bytes() for path in sorted(new.iterdir())] if new.exists() else []

    def await_stored(self, mta, address):
        return wait_until(lambda: self.stored(mta, address), f"mail for {address} is stored")[0]

    def open(self, octets, recipients=1, text=SECRET):
        """The key ids of a sealed message that holds `text` and shows nothing of it."""
        self.assertNotIn(text, octets)
        sealed = take_apart(octets)
        check_packets(sealed.armour, recipients)
        payload, key_ids = self.stand.users.decrypt(sealed.armour)
        self.assertIn(text, undo(payload))
        return sorted(key_ids)

    def key_ids(self, *addresses):
        return sorted(map(self.stand.users.encryption_key_id, addresses))

    def outside(self, mta, login=None):
        """A client that Postfix takes for one from elsewhere, or for one that has logged in."""
        client = smtp.Client(mta.port)
        self.addCleanup(client.close)
        client.command("XCLIENT NAME=client.out.test ADDR=203.0.113.9"
                       + (f" LOGIN={login}" if login else ""))
        client.command("EHLO client.out.test")
        return client

    def replies(self, client, *recipients):
        """What each recipient is told."""
        client.command(f"MAIL FROM:<{SENDER}>")
        codes = []
        for address in recipients:
            try:
                codes.append(int(client.command(f"RCPT TO:<{address}>")[:3]))
            except smtp.Refused as refused:
                codes.append(refused.code)
        client.command("RSET")
        return codes

    # ---- stock Postfix as the sender

    def test_postfix_comes_back_with_the_later_kind(self):
        mta = self.set_up(*OUTSIDE)
        sender = self.sender(mta)
        text = letter(ALICE, NOKEY)
        smtp.send(sender.port, SENDER, [ALICE, NOKEY], text)
        wait_until(lambda: "452 4.5.3" in sender.log(), "the later kind is asked to come back")

        def both():
            sender.flush()
            return self.stored(mta, ALICE) and self.stored(mta, NOKEY)
        wait_until(both, "both have got their mail")
        self.assertEqual(self.open(self.stored(mta, ALICE)[0]), self.key_ids(ALICE))
        self.assertIn(SECRET, self.stored(mta, NOKEY)[0])
        self.assertEqual([len(self.stored(mta, address)) for address in (ALICE, NOKEY)], [1, 1])

    def test_postfix_is_told_each_policy(self):
        certificate = testkeys.certificate("cv25519").read_bytes()
        states = ("sealable", "expired", "revoked", "tombstone", "no-key")
        keyd = fake_keyd.FakeKeyd(self.stand.directory / "fake", {
            f"{state}@{gpg.DOMAIN}": (state, certificate) for state in states})
        addresses = [f"{state}@{gpg.DOMAIN}" for state in states]
        for options, outcomes in (
                ([], ["sealed", "sealed", "deferred", "deferred", "clear"]),
                (["--expired=defer", "--revoked=reject", "--no-key=defer"],
                 ["sealed", "deferred", "bounced", "bounced", "deferred"]),
                (["--expired=reject", "--revoked=pass", "--no-key=reject"],
                 ["sealed", "bounced", "clear", "clear", "bounced"]),
                (["--expired=pass"], ["sealed", "clear", "deferred", "deferred", "clear"])):
            mta = self.set_up(*OUTSIDE, *options, keyd=keyd.path, addresses=addresses)
            sender = self.sender(mta)
            for address, outcome in zip(addresses, outcomes):
                with self.subTest(address=address, options=options):
                    queue_id = smtp.send(sender.port, SENDER, [address], letter(address))
                    if outcome in ("deferred", "bounced"):
                        self.assertEqual(sender.await_outcome(queue_id), outcome)
                        self.assertEqual(self.stored(mta, address), [])
                    else:
                        stored = self.await_stored(mta, address)
                        self.assertEqual(is_sealed(stored), outcome == "sealed")
                        self.assertEqual(SECRET in stored, outcome == "clear")

    def test_every_certificate_of_an_address_is_sealed_to(self):
        address = f"devices@{gpg.DOMAIN}"
        for kind in ("cv25519", "nistp256"):
            self.stand.users.generate(kind, address)
        listed = self.stand.users.run("--with-colons", "--list-keys", f"<{address}>").stdout.decode()
        keys = sorted(fields[4] for fields in (line.split(":") for line in listed.splitlines())
                      if fields[0] == "sub")
        primaries = [fields[4] for fields in (line.split(":") for line in listed.splitlines())
                     if fields[0] == "pub"]
        for number, primary in enumerate(primaries):
            path = self.stand.directory / f"device{number}.asc"
            path.write_bytes(self.stand.users.run("--armor", "--export", primary).stdout)
            self.stand.keyd.add(address, path)
        self.assertEqual(len(keys), 2)
        for guard in (False, True):
            mta = self.set_up(*OUTSIDE, guard=guard, addresses=[address])
            smtp.send(self.sender(mta).port, SENDER, [address], letter(address))
            self.assertEqual(self.open(self.await_stored(mta, address), 2), keys)

    def test_postfix_sends_one_message_to_several_who_are_named(self):
        mta = self.set_up(*OUTSIDE)
        text = letter(ALICE, cc=[BOB])
        smtp.send(self.sender(mta).port, SENDER, [ALICE, BOB], text)
        for address in (ALICE, BOB):
            self.assertEqual(self.open(self.await_stored(mta, address), 2),
                             self.key_ids(ALICE, BOB))

    def test_postfix_sends_a_blind_copy(self):
        mta = self.set_up(*OUTSIDE)
        text = letter(ALICE)
        smtp.send(self.sender(mta).port, SENDER, [ALICE, BOB], text)
        for address in (ALICE, BOB):
            self.assertEqual(self.open(self.await_stored(mta, address), 2), [ANONYMOUS] * 2)

    def test_postfix_brings_recipients_one_at_a_time_when_asked(self):
        mta = self.set_up(*OUTSIDE, "--one-recipient", "yes")
        sender = self.sender(mta)
        text = letter(ALICE)
        smtp.send(sender.port, SENDER, [ALICE, BOB], text)

        def both():
            sender.flush()
            return self.stored(mta, ALICE) and self.stored(mta, BOB)
        wait_until(both, "both have got their mail")
        for address in (ALICE, BOB):
            self.assertEqual(self.open(self.stored(mta, address)[0]), self.key_ids(address))

    def test_with_a_guard_postfix_need_not_come_back(self):
        mta = self.set_up(*OUTSIDE, guard=True)
        sender = self.sender(mta)
        for recipients in ([ALICE, NOKEY], [ALICE, BOB]):
            text = letter(ALICE, NOKEY)
            queue_id = smtp.send(sender.port, SENDER, recipients, text)
            sender.await_removed([queue_id])
        wait_until(lambda: len(self.stored(mta, ALICE)) == 2, "both messages are stored")
        for octets in self.stored(mta, ALICE):
            self.assertEqual(self.open(octets), self.key_ids(ALICE))
        self.assertEqual(self.open(self.await_stored(mta, BOB)), self.key_ids(BOB))
        self.assertIn(SECRET, self.await_stored(mta, NOKEY))
        self.assertNotIn("452 4.5.3", sender.log())

    # ---- programs and people, who do not come back

    def assert_nothing_stored(self, mta):
        for address in (ALICE, BOB, CAROL, NOKEY):
            self.assertEqual(self.stored(mta, address), [])
        self.assertNotIn(SECRET, everything_below(mta.maildirs))

    def test_smtplib_learns_that_nothing_was_sent(self):
        mta = self.set_up()
        for recipients in ([NOKEY, ALICE], [ALICE, NOKEY], [ALICE, "x@elsewhere.test"]):
            with smtplib.SMTP("127.0.0.1", mta.port) as client, \
                    self.assertRaises(smtplib.SMTPDataError) as refused:
                client.sendmail(SENDER, recipients, letter(*recipients))
            self.assertEqual(refused.exception.smtp_code, 550)
            self.assertIn(b"Not sent to anybody", refused.exception.smtp_error)
        self.assert_nothing_stored(mta)
        with smtplib.SMTP("127.0.0.1", mta.port) as client:
            self.assertEqual(client.sendmail(SENDER, [ALICE, BOB], letter(ALICE, BOB)), {})
        self.open(self.await_stored(mta, BOB), 2)

    @unittest.skipIf(shutil.which("swaks") is None, "swaks is not installed")
    def test_swaks_learns_that_nothing_was_sent(self):
        mta = self.set_up()

        def run(*recipients):
            return subprocess.run(
                ["swaks", "--server", f"127.0.0.1:{mta.port}", "--from", SENDER, "--to",
                 ",".join(recipients), "--h-To", ", ".join(recipients), "--body", SECRET.decode()],
                capture_output=True, check=False, timeout=60)
        mixed = run(ALICE, NOKEY)
        self.assertNotEqual(mixed.returncode, 0)
        self.assertIn(b"550 5.5.3 Not sent to anybody", mixed.stdout)
        self.assert_nothing_stored(mta)
        self.assertEqual(run(ALICE, BOB).returncode, 0)
        stored = self.await_stored(mta, ALICE)
        self.assertEqual(self.open(stored, 2), self.key_ids(ALICE, BOB))

    def test_who_has_logged_in_is_not_asked_to_come_back(self):
        mta = self.set_up()
        client = self.outside(mta, login="ada")
        self.assertEqual(self.replies(client, ALICE, NOKEY), [250, 250])
        with self.assertRaises(smtp.Refused) as refused:
            client.send(SENDER, [NOKEY, ALICE], letter(ALICE))
        self.assertEqual(refused.exception.code, 550)
        self.assert_nothing_stored(mta)
        self.assertEqual(self.replies(self.outside(mta), ALICE, NOKEY, BOB), [250, 452, 250])

    def test_with_a_guard_people_need_not_care(self):
        mta = self.set_up(guard=True)
        self.outside(mta, login="ada").send(SENDER, [NOKEY, ALICE, "x@elsewhere.test"],
                                            letter(ALICE, NOKEY))
        self.open(self.await_stored(mta, ALICE))
        self.assertIn(SECRET, self.await_stored(mta, NOKEY))

    # ---- sendmail(1): no SMTP, nobody to answer at RCPT

    def test_sendmail_is_sealed_too(self):
        mta = self.set_up()
        text = letter(ALICE)
        mta.sendmail(SENDER, [ALICE], text.replace(b"\r\n", b"\n"))
        self.assertEqual(self.open(self.await_stored(mta, ALICE)), self.key_ids(ALICE))

    def test_sendmail_for_mixed_recipients_comes_back_to_its_sender_with_the_reason(self):
        mta = self.set_up()
        mta.sendmail(NOKEY, [ALICE, NOKEY], letter(ALICE).replace(b"\r\n", b"\n"))
        bounce = self.await_stored(mta, NOKEY)
        self.assertIn(b"Not sent to anybody", bounce)
        self.assertEqual(self.stored(mta, ALICE), [])

    def test_sendmail_for_a_recipient_that_policy_refuses_comes_back_too(self):
        mta = self.set_up("--no-key", "reject")
        mta.sendmail(ALICE, [NOKEY], letter(NOKEY).replace(b"\r\n", b"\n"))
        self.open(self.await_stored(mta, ALICE), text=b"hidden subject")  # the bounce, sealed
        self.assertEqual(self.stored(mta, NOKEY), [])

    def test_sendmail_waits_while_keyd_is_away(self):
        mta = self.set_up()
        self.stand.keyd.stop()
        try:
            mta.sendmail(SENDER, [ALICE], letter(ALICE).replace(b"\r\n", b"\n"))
            wait_until(lambda: "4.3.0" in mta.log(), "the message is deferred")
            self.assertNotIn("configuration error", mta.log())
            self.assertEqual(self.stored(mta, ALICE), [])
        finally:
            self.stand.keyd.start()

        def flushed():
            mta.flush()
            return self.stored(mta, ALICE)
        stored = wait_until(flushed, "the message is delivered after all", 120)
        self.open(stored[0])

    # ---- addresses

    def test_strange_recipients_are_never_let_through_in_clear(self):
        mta = self.set_up(main={"smtpd_delay_reject": "yes", "strict_rfc821_envelopes": "no"})
        client = self.outside(mta)
        seen = {}
        for address in (ALICE.upper(), f"@relay.test:{ALICE}", f'"cv25519"@{gpg.DOMAIN}',
                        f"cv25519@{gpg.DOMAIN}.", f"cv25519%{gpg.DOMAIN}", f"<{ALICE}>"):
            try:
                client.send(SENDER, [address], letter(ALICE))
                seen[address] = 250
            except smtp.Refused as refused:
                seen[address] = refused.code
        accepted = list(seen.values()).count(250)
        self.assertGreaterEqual(accepted, 3, seen)
        wait_until(lambda: len(self.stored(mta, ALICE)) == accepted, f"all are stored: {seen}")
        for octets in self.stored(mta, ALICE):
            self.assertTrue(is_sealed(octets))
            self.assertNotIn(SECRET, octets)

    # ---- sizes: what Postfix takes is what we say it takes

    def test_what_fits_below_the_size_limit_is_taken_by_postfix(self):
        limit = 200_000
        mta = self.set_up("--size-limit", str(limit), "--padding", "none",
                          main={"message_size_limit": str(limit)})
        taken, refused = 90_000, 180_000
        while refused - taken > 1:
            size = (taken + refused) // 2
            try:
                smtp.send(mta.port, SENDER, [ALICE], letter(ALICE) + b"x" * size + b"\r\n")
                taken = size
            except smtp.Refused as answer:
                self.assertEqual(answer.code, 552)
                self.assertIn("once it is encrypted", answer.reply)
                refused = size
        self.assertGreater(taken, 140_000)
        self.assertNotIn("corrupt", mta.log())

    def test_as_many_fields_as_we_take_postfix_can_edit(self):
        mta = self.set_up()
        most = 10_000 - letter(ALICE).partition(b"\r\n\r\n")[0].count(b"\r\n") - 1 - 2
        fields = b"".join(b"X-%d: y\r\n" % number for number in range(most))  # Postfix adds two
        smtp.send(mta.port, SENDER, [ALICE], fields + letter(ALICE))
        self.open(self.await_stored(mta, ALICE))
        with self.assertRaises(smtp.Refused) as refused:
            smtp.send(mta.port, SENDER, [ALICE], b"X: y\r\n" + fields + letter(ALICE))
        self.assertIn("552 5.3.4 Message header is too large", refused.exception.reply)

    # ---- as Debian runs Postfix

    def test_a_chrooted_postfix_finds_the_socket_with_the_documented_modes(self):
        type(self).number += 1
        directory = self.stand.directory / f"mta{self.number}"
        (directory / "queue").mkdir(parents=True)
        home = directory / "queue/maildircrypt"
        home.mkdir()
        shutil.chown(home, "games", "postfix")
        home.chmod(0o2710)
        settings = pipes.postfix_settings("postfix-milter.main.cf")
        socket = settings["smtpd_milters"].split("unix:")[1].split(",")[0]
        self.assertEqual(socket, "maildircrypt/milter.sock")
        milter = Server([self.stand.programs / "maildircrypt-milter", "--socket",
                         f"unix:{home}/milter.sock", "--keyd", self.stand.keyd.socket],
                        directory / "milter.log", user="games", group="games", notify=True)
        self.addCleanup(milter.kill)
        port = free_port()
        chrooted = [f"127.0.0.1:{port} inet n - y - - smtpd\n", "cleanup unix n - y - 0 cleanup\n"]
        mta = postfix.Postfix(directory, self.stand.addresses, services=chrooted, main=settings)
        self.addCleanup(mta.stop)
        wait_until(lambda: listens(port), "the chrooted smtpd listens")
        smtp.send(port, SENDER, [ALICE], letter(ALICE))
        self.assertEqual(self.open(self.await_stored(mta, ALICE)), self.key_ids(ALICE))


if __name__ == "__main__":
    harness.main()
