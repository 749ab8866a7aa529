#!/usr/bin/python3
# needs: root
"""Provenance, signatures and loop detection, through milter, pipe and LMTP server, in every mode of the outer header."""

import itertools
import pathlib
import re
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lib"))
import gpg
import harness
import lmtp_guard
import pipes
import postfix
import smtp
from processes import free_port, wait_until
from stand import Stand, read_maildir
from undo import undo

try:
    import dkim
except ImportError:
    dkim = None

SENDER = "ada@out.test"
NO_KEY = f"nokey@{gpg.DOMAIN}"
# One Postfix, three modes: the address chooses.
MODES = {"standard": "rsa2048", "minimal": "cv25519", "all": "nistp384"}
OPTIONS = [f"--outer-headers-for={gpg.address_of(kind)}={mode}" for mode, kind in MODES.items()]
FORGED = [b"Maildircrypt-Provenance: sealed; host=evil.test; log=1:00\r\n",
          b"Maildircrypt-Provenance: clear;\r\n host=evil.test;\r\n\treason=no-key\r\n",
          b"MAILDIRCRYPT-provenance: end-to-end; host=evil.test\r\n",
          b"Maildircrypt-Provenance : sealed; host=evil.test\r\n",
          b"Maildircrypt-Provenance\t : end-to-end; host=evil.test\r\n"]
LETTER = (b"From: ada@out.test\r\nTo: user@sealed.test\r\nSubject: hidden\r\n"
          b"X-Maildircrypt-Provenance: not ours\r\n%s\r\ntext\r\n")


def encrypted_by_sender(users, kind):
    part = b"Content-Type: text/plain\r\n\r\nEncrypted by Ada herself.\r\n"
    armour = users.run("--armor", "--trust-model", "always", "--encrypt", "--recipient",
                       gpg.address_of(kind), data=part).stdout
    return (b"From: ada@out.test\r\nSubject: ...\r\nMIME-Version: 1.0\r\n"
            b"Content-Type: multipart/encrypted; boundary=b;"
            b" protocol=\"application/pgp-encrypted\"\r\n\r\n--b\r\n"
            b"Content-Type: application/pgp-encrypted\r\n\r\nVersion: 1\r\n\r\n--b\r\n"
            b"Content-Type: application/octet-stream\r\n\r\n"
            + armour.replace(b"\n", b"\r\n") + b"\r\n--b--\r\n")


def provenances(stored):
    """Every field that some reader might take for a provenance field, unfolded."""
    head = stored.replace(b"\r\n", b"\n").partition(b"\n\n")[0] + b"\n"
    return [re.sub(rb"\s+", b" ", field) for field in
            re.findall(rb"(?mi)^maildircrypt-provenance[ \t]*:.*\n(?:[ \t].*\n)*", head)]


class Base(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        if postfix.available():
            raise unittest.SkipTest(postfix.available())
        cls.stand = Stand(MODES.values())
        cls.addClassCleanup(cls.stand.close)
        cls.number = itertools.count()

    def directory(self):
        return self.stand.directory / f"mta{next(self.number)}"

    def milter_settings(self, *options):
        milter = self.stand.milter(*OPTIONS, *options, name=f"milter{next(self.number)}")
        self.addCleanup(milter.kill)  # libmilter waits 5 s when asked
        return {name: value.replace("unix:maildircrypt/milter.sock", f"unix:{milter.socket}")
                for name, value in pipes.postfix_settings("postfix-milter.main.cf").items()}

    def with_milter(self):
        return self.start(self.directory(), main=self.milter_settings("--host", "mx.sealed.test"))

    def with_pipe(self, *options, main=None):
        directory = self.directory()
        service = pipes.postfix_service(self.stand, directory / "maildirs",
                                        ["--host=mx.sealed.test", *OPTIONS, *options])
        return self.start(directory, services=[service],
                          main={**pipes.postfix_settings("postfix-pipe.main.cf"), **(main or {})})

    def with_lmtp_server(self, *options):
        directory = self.directory()
        directory.mkdir()
        maildirs = directory / "maildirs"
        maildirs.mkdir()
        maildirs.chmod(0o777)
        guard = lmtp_guard.start(self.stand, f"maildir:{maildirs}/%u",
                                 [*OPTIONS, *options])  # it says --host itself
        self.addCleanup(guard.stop)
        return self.start(directory, main=lmtp_guard.settings("postfix-lmtp.main.cf", guard.socket),
                          services=[(lmtp_guard.EXAMPLES / "postfix-lmtp.master.cf").read_text()])

    def start(self, directory, **arguments):
        mta = postfix.Postfix(directory, self.stand.addresses, **arguments)
        self.addCleanup(mta.stop)
        return mta

    def deliver(self, mta, address, message):
        """What one message is stored as."""
        maildir = mta.maildirs / address.split("@")[0]
        before = read_maildir(maildir)
        mta.await_removed([smtp.send(mta.port, SENDER, [address], message)])
        (stored,) = [octets for octets in read_maildir(maildir) if octets not in before]
        return stored


class ThroughEach:
    """For a Base that has check(mta)."""

    def test_through_the_milter(self):
        self.check(self.with_milter())

    def test_through_the_pipe(self):
        self.check(self.with_pipe())

    def test_through_the_lmtp_server(self):
        self.check(self.with_lmtp_server())


class Provenance(ThroughEach, Base):
    """On every message that passes, ours alone and first; forged ones are kept inside."""

    def check(self, mta):
        for mode, kind in MODES.items():
            with self.subTest(mode=mode):
                address = gpg.address_of(kind)
                for forged in (b"", b"".join(FORGED)):
                    self.check_sealed(self.deliver(mta, address, LETTER % forged), kind, forged)
                    encrypted = encrypted_by_sender(self.stand.users, kind)
                    stored = self.deliver(mta, address, forged + encrypted)
                    self.check_first(stored, b"end-to-end; host=mx.sealed.test")
                    self.assertEqual(stored.replace(b"\r\n", b"\n").partition(b"\n\n")[2],
                                     encrypted.replace(b"\r\n", b"\n").partition(b"\n\n")[2])
        for forged in (b"", b"".join(FORGED)):
            stored = self.deliver(mta, NO_KEY, LETTER % forged)
            self.check_first(stored, b"clear; host=mx.sealed.test; reason=no-key")
            self.assertIn(b"X-Maildircrypt-Provenance: not ours", stored)

    def check_first(self, stored, value):
        self.assertEqual(provenances(stored), [b"Maildircrypt-Provenance: " + value + b" "])
        # In front of everything that came with the message.
        head = stored.replace(b"\r\n", b"\n")
        self.assertLess(head.index(b"Maildircrypt-Provenance: "), head.index(b"\nFrom: ") + 1)

    def check_sealed(self, stored, kind, forged):
        found = provenances(stored)
        self.assertEqual(len(found), 1, found)
        self.assertTrue(found[0].startswith(b"Maildircrypt-Provenance: sealed; host=mx.sealed.test;"))
        plaintext, _ = self.stand.users.decrypt(stored[stored.index(b"-----BEGIN PGP"):])
        inside = provenances(undo(plaintext))
        # Postfix hands a milter `name: value` without the blanks before the colon.
        self.assertEqual([field.lower().replace(b"\t", b" ").replace(b" :", b":") for field in inside],
                         [re.sub(rb"\s+", b" ", field).lower().replace(b" :", b":")
                          for field in re.findall(rb"(?i)maildir.*\r\n(?:[ \t].*\r\n)*", forged)])

    def test_what_the_milter_wrote_stays_at_the_guard_behind_it(self):
        mta = self.with_pipe(main=self.milter_settings("--guard", "yes", "--host", "mx.sealed.test"))
        for forged in (b"", b"".join(FORGED)):
            for mode, kind in MODES.items():
                with self.subTest(mode=mode):
                    self.check_sealed(self.deliver(mta, gpg.address_of(kind), LETTER % forged), kind,
                                      forged)
                    stored = self.deliver(mta, gpg.address_of(kind),
                                          forged + encrypted_by_sender(self.stand.users, kind))
                    self.check_first(stored, b"end-to-end; host=mx.sealed.test")

    def test_a_guard_alone_believes_no_host_with_sealed_by_none(self):
        known = b"Maildircrypt-Provenance: sealed; host=mx.sealed.test; log=1:00\r\n"
        for mta in (self.with_pipe("--sealed-by=none"), self.with_lmtp_server("--sealed-by=none")):
            message = encrypted_by_sender(self.stand.users, "cv25519")
            stored = self.deliver(mta, gpg.address_of("cv25519"), known + message)
            self.check_first(stored, b"end-to-end; host=mx.sealed.test")


@unittest.skipIf(dkim is None, "python3-dkim is not installed")
class Signatures(ThroughEach, Base):
    """A DKIM signature hides with what it signs, and verifies again in what is opened."""

    def setUp(self):
        self.key = subprocess.run(["openssl", "genrsa", "-traditional", "2048"], check=True,
                                  capture_output=True).stdout
        public = subprocess.run(["openssl", "rsa", "-pubout"], input=self.key, check=True,
                                capture_output=True).stdout
        self.record = b"v=DKIM1; k=rsa; p=" + b"".join(public.split(b"\n")[1:-2])

    def check(self, mta):
        fields = [b"from", b"to", b"subject", b"mime-version", b"content-type"]
        message = (b"From: ada@out.test\r\nTo: user@sealed.test\r\nSubject:  Two  blanks\r\n"
                   b"MIME-Version: 1.0\r\nContent-Type: text/plain;\r\n\tcharset=utf-8\r\n\r\n"
                   b"The signed text. \r\n\r\n.\r\n")
        for how in ((b"simple", b"simple"), (b"relaxed", b"relaxed")):
            signature = dkim.sign(message, b"s", b"out.test", self.key, canonicalize=how,
                                  include_headers=fields)
            for mode, kind in MODES.items():
                with self.subTest(mode=mode, how=how):
                    stored = self.deliver(mta, gpg.address_of(kind), signature + message)
                    self.assertNotIn(b"\ndkim-signature", stored.partition(b"\n\n")[0].lower())
                    payload, _ = self.stand.users.decrypt(stored[stored.index(b"-----BEGIN PGP"):])
                    original = undo(payload).replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
                    self.assertTrue(dkim.verify(original, dnsfunc=lambda *_, **__: self.record))


class Loops(Base):
    """They end with a bounce, as without us, whatever the outer header hides."""

    def test_a_forwarding_loop_is_found_by_delivered_to(self):
        for mta in (self.with_pipe(), self.with_pipe(
                main=self.milter_settings("--guard", "yes"))):
            addresses = [f"{kind}@{gpg.DOMAIN}" for kind in ("nokey", *MODES.values())]
            stored = {address: self.deliver(mta, address, LETTER % b"") for address in addresses}
            for address, message in stored.items():
                with self.subTest(address=address):
                    self.assertIn(b"Delivered-To: " + address.encode(), message)
                    # What a forward sends on comes back to the address that it was stored for.
                    queue_id = smtp.send(mta.port, SENDER, [address], message.replace(b"\n", b"\r\n"))
                    self.assertEqual(mta.await_outcome(queue_id), "bounced")
                    self.assertRegex(mta.log(), rf"{queue_id}: .*mail forwarding loop for {address}")

    def test_two_hosts_that_send_to_each_other_count_hops(self):
        ports = free_port(), free_port()
        settings = self.milter_settings()
        hosts = []
        for port, other in (ports, ports[::-1]):
            hosts.append(postfix.Postfix(self.directory(), self.stand.addresses, port=port, main={
                **settings, "myhostname": f"host{port}.test", "hopcount_limit": "9",
                "virtual_mailbox_domains": "", "relay_domains": gpg.DOMAIN, "relay_transport":
                f"smtp:[127.0.0.1]:{other}"}))
            self.addCleanup(hosts[-1].stop)
        for kind in ("nokey", *MODES.values()):
            with self.subTest(kind=kind):
                smtp.send(ports[0], SENDER, [f"{kind}@{gpg.DOMAIN}"], LETTER % b"")
                wait_until(
                    lambda: any(re.search(rf"to=<{kind}@.*status=bounced.*too many hops", host.log())
                                for host in hosts), f"{kind}'s message was bounced", 60)


if __name__ == "__main__":
    harness.main()
