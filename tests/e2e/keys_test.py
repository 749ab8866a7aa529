#!/usr/bin/python3
# needs: root
"""Which keys open what is stored: aliases, details, whole domains, recovery keys, lost keys, IDN; real keyd and
gpg, behind a real Postfix with the milter, the pipe and the LMTP guard."""

import os
import pathlib
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
import testkeys
from guard_tests import LETTER, SECRET, SENDER
from lmtp_guard import EXAMPLES
from processes import wait_until
from stand import Stand, everything_below, read_maildir
from undo import check_packets, take_apart, undo
from verify import is_sealed

KINDS = ["cv25519", "nistp256", "rsa2048"]
RESCUE = "stranger"  # whose key is the recovery key
ANN, BOB, CAROL = map(gpg.address_of, KINDS)
ANNS, BOBS, CAROLS = KINDS
KEYLESS = f"nokey@{gpg.DOMAIN}"
VIC = "vic@rescue.test"
LOST = f"lost@{gpg.DOMAIN}"
# Aliases of keyd; `half` is one of Postfix, too.
ALIASES = {"team@sealed.test": [ANN, BOB], "teams@sealed.test": ["team@sealed.test", CAROL, ANN],
           "half@sealed.test": [KEYLESS, ANN], "void@sealed.test": [KEYLESS],
           "beyond@sealed.test": [BOB, VIC], "losers@sealed.test": [LOST, BOB],
           "ghosts@sealed.test": [LOST, KEYLESS]}
# Addresses, and whose certificates are added for them.
BOUND = {"@whole.test": [CAROLS], "own@whole.test": [ANNS], VIC: [ANNS], LOST: [ANNS, CAROLS],
         "j\u00fcrgen@b\u00fccher.test": [BOBS], "@stra\u00dfe.test": [CAROLS],
         "stra\u00dfe@sealed.test": [ANNS]}
IDN = [(f"{local}@{domain}", owner) for local, domains, owner in (
    ("j\u00fcrgen", ("b\u00fccher.test", "xn--bcher-kva.test", "B\u00dcCHER.test"), BOBS),
    ("anybody", ("stra\u00dfe.test", "xn--strae-oqa.test"), CAROLS)) for domain in domains]
SPELLINGS = [("J\u00dcRGEN@b\u00fccher.test", BOBS), ("ju\u0308rgen@b\u00fccher.test", BOBS),
             ("J\u00dcRGEN+Lists@b\u00fccher.test", BOBS), ("STRASSE@sealed.test", ANNS),
             ("Stra\u1e9ee@sealed.test", ANNS), ("stra\u00dfe@sealed.test", ANNS)]
# Postfix folds what it looks up as casefold() does, sharp s to ss, but hands it on as it came.
MAILBOXES = [ANN, BOB, CAROL, KEYLESS, VIC, LOST, *ALIASES, "any@whole.test", "own@whole.test",
             "clear@rescue.test",
             *{address.casefold().replace("+lists", ""): None for address, _ in [*IDN, *SPELLINGS]}]
FRAME = (b"From: ada@out.test\r\nSubject: hidden subject\r\nMIME-Version: 1.0\r\n"
         b"Content-Type: multipart/encrypted; protocol=\"application/pgp-encrypted\"; boundary=\"b\"\r\n\r\n"
         b"--b\r\nContent-Type: application/pgp-encrypted\r\n\r\nVersion: 1\r\n\r\n--b\r\n"
         b"Content-Type: application/octet-stream; name=encrypted.asc\r\n\r\n%s\r\n--b--\r\n")


class KeyRing:
    """A gpg home for each key alone, so that it is seen what each of them opens."""

    def __init__(self, stand):
        self.homes = {RESCUE: stand.stranger}
        for kind in KINDS:
            home = gpg.GpgHome(stand.directory / f"alone-{kind}")
            home.run("--import", data=stand.users.run(
                "--export-secret-keys", gpg.address_of(kind)).stdout)
            self.homes[kind] = home

    def key_id(self, name):
        return self.homes[name].encryption_key_id(f"{name}@{gpg.DOMAIN}")

    def stop(self):
        for home in self.homes.values():
            home.stop_agent()


class Keys:
    """A TestCase that inherits this has start_mta(directory, main) and expect_deferred(address)."""

    @classmethod
    def setUpClass(cls):
        cls.stand = Stand(KINDS)
        cls.addClassCleanup(cls.stand.close)
        cls.ring = KeyRing(cls.stand)
        cls.addClassCleanup(cls.ring.stop)
        for address, owners in BOUND.items():
            for owner in owners:
                cls.add(address, owner)
        for alias, targets in ALIASES.items():
            cls.stand.keyd.cli("alias", alias, *targets)
        cls.stand.keyd.cli("recovery", "set", "rescue.test", str(testkeys.certificate(RESCUE)))
        cls.mta = cls.start_mta(cls.stand.directory / "mta", {
            "recipient_delimiter": "+",
            "virtual_alias_maps": f"inline:{{ {{ half@sealed.test = {KEYLESS}, {ANN} }} }}"})
        cls.addClassCleanup(cls.mta.stop)

    @classmethod
    def add(cls, address, owner):
        cls.stand.keyd.cli("--any-user-id", "add", address, str(testkeys.certificate(owner)))

    def send(self, address, message=LETTER):
        utf8 = "" if address.isascii() else " SMTPUTF8"
        return smtp.send(self.mta.port, SENDER, [address], message, utf8)

    def maildir(self, address):
        return self.mta.maildirs / address.rsplit("@", 1)[0]

    def deliver(self, address, message=LETTER, mailbox=None):
        """What is stored for it: one message."""
        maildir = self.maildir(mailbox or address)
        before = set(read_maildir(maildir))
        self.mta.await_removed([self.send(address, message)])
        stored = set(read_maildir(maildir)) - before
        self.assertEqual(len(stored), 1)
        return stored.pop()

    def expect_sealed_to(self, stored, *names):
        """That each of these keys alone opens it, and no other does; the original."""
        sealed = take_apart(stored)
        check_packets(sealed.armour, len(names))
        self.assertNotIn(SECRET, stored)
        told = sealed.field("Maildircrypt-Provenance")[0].decode().partition("keys=")[2]
        self.assertEqual(sorted(key.strip()[-16:] for key in told.split(",")),
                         sorted(map(self.ring.key_id, names)))
        originals = set()
        for name, home in self.ring.homes.items():
            if name in names:
                originals.add(undo(home.decrypt(sealed.armour)[0]))
                self.assertEqual(self.open(home, stored), (0, originals.copy().pop()))
            else:
                with self.assertRaises(gpg.DecryptionFailed):
                    home.decrypt(sealed.armour)
                self.assertEqual(self.open(home, stored), (1, b""))
        self.assertEqual(len(originals), 1)
        return originals.pop()

    def open(self, home, stored):
        """(status, output) of `maildircrypt open`."""
        run = subprocess.run([harness.BUILD / "maildircrypt", "open"], input=stored, check=False,
                             capture_output=True, env={**os.environ, "GNUPGHOME": str(home.path)})
        return run.returncode, run.stdout

    def expect_letter(self, address, *names, mailbox=None):
        self.assertIn(SECRET, self.expect_sealed_to(self.deliver(address, mailbox=mailbox), *names))

    def encrypted(self, *names):
        """A letter that its sender encrypted to these."""
        home = gpg.GpgHome(self.stand.directory / "sender")
        for name in names:
            home.run("--import", str(testkeys.certificate(name)))
        to = [word for name in names for word in ("-r", f"{name}@{gpg.DOMAIN}")]
        return FRAME % home.run("--armor", "--encrypt", *to, data=b"Content-Type: text/plain\r\n\r\n"
                                + SECRET).stdout.strip().replace(b"\n", b"\r\n")

    # ---- what answers for an address

    def test_an_alias_opens_with_the_key_of_each_target(self):
        self.expect_letter("team@sealed.test", ANNS, BOBS)
        self.expect_letter("teams@sealed.test", ANNS, BOBS, CAROLS)
        self.expect_letter(ANN, ANNS)

    def test_a_detail_does_not_change_the_keys(self):
        self.expect_letter("CV25519+Lists@sealed.test", ANNS, mailbox=ANN)
        self.expect_letter('"cv25519+a b"@sealed.test', ANNS, mailbox=ANN)
        self.expect_letter("team+lists@sealed.test", ANNS, BOBS, mailbox="team@sealed.test")

    def test_the_key_of_a_domain_is_for_those_without_their_own(self):
        self.expect_letter("any@whole.test", CAROLS)
        self.expect_letter("own@whole.test", ANNS)
        self.expect_letter("own+lists@whole.test", ANNS, mailbox="own@whole.test")

    def test_both_forms_of_an_internationalised_domain_find_the_key(self):
        for address, owner in IDN:
            with self.subTest(address):
                self.expect_letter(address, owner)

    def test_all_spellings_of_a_local_part_find_the_key(self):
        for address, owner in SPELLINGS:
            with self.subTest(address):
                self.expect_letter(address, owner, mailbox=self.mailbox_of(address))

    def mailbox_of(self, address):
        return address.casefold().replace("+lists", "")

    # ---- keyless targets

    def test_a_keyless_target_opens_the_way_for_nobodys_mail(self):
        """Postfix expands the alias before the guard sees it, and after the milter has."""
        self.expect_letter("half@sealed.test", ANNS, mailbox=ANN)
        self.assertEqual(read_maildir(self.maildir("half@sealed.test")), [])
        self.assertNotIn(SECRET, everything_below(self.maildir(ANN)))

    def test_an_alias_that_no_key_is_behind_passes_marked(self):
        stored = self.deliver("void@sealed.test")
        self.assertIn(SECRET, stored)
        self.assertIn(b"Maildircrypt-Provenance: clear; ", stored)

    # ---- recovery keys

    def test_a_recovery_key_opens_it_too(self):
        self.expect_letter(VIC, ANNS, RESCUE)
        self.expect_letter("vic+lists@rescue.test", ANNS, RESCUE, mailbox=VIC)
        self.expect_letter("beyond@sealed.test", ANNS, BOBS, RESCUE)

    def test_nothing_is_sealed_to_a_recovery_key_alone(self):
        stored = self.deliver("clear@rescue.test")
        self.assertIn(SECRET, stored)
        self.assertIn(b"Maildircrypt-Provenance: clear; ", stored)

    def test_what_is_encrypted_to_the_recovery_key_alone_is_sealed(self):
        letter = self.encrypted(RESCUE)
        original = self.expect_sealed_to(self.deliver(VIC, letter), ANNS, RESCUE)
        self.assertIn(letter.partition(b"\r\n\r\n")[2].replace(b"\r\n", b"\n"),
                      original.replace(b"\r\n", b"\n"))

    def test_what_is_encrypted_to_the_recipient_passes(self):
        for names in ((ANNS,), (ANNS, RESCUE)):
            letter = self.encrypted(*names)
            stored = self.deliver(VIC, letter)
            self.assertIn(b"Maildircrypt-Provenance: end-to-end; ", stored)
            self.assertEqual(stored.partition(b"\n\n")[2].strip(),
                             letter.replace(b"\r\n", b"\n").partition(b"\n\n")[2].strip())

    # ---- lost keys

    def test_a_lost_key_is_sealed_to_no_longer_and_never_means_clear(self):
        keyd = self.stand.keyd
        self.expect_letter(LOST, ANNS, CAROLS)
        lost = next(key["fingerprint"] for key in keyd.get(f"/v1/lookup/{ANN}")[1]["seal_to"])
        keyd.cli("lost-key", LOST, lost)
        self.expect_letter(LOST, CAROLS)
        self.expect_letter("losers@sealed.test", BOBS, CAROLS)
        self.expect_letter(ANN, ANNS)  # it is lost for that address only
        keyd.cli("lost-key", LOST)
        self.expect_letter("losers@sealed.test", BOBS)
        addresses = (LOST, "lost+lists@sealed.test", "ghosts@sealed.test")
        for address in addresses:
            self.expect_deferred(address)
        self.add(LOST, BOBS)
        for stored in self.await_deferred(addresses):
            self.assertIn(SECRET, self.expect_sealed_to(stored, BOBS))
        self.assertTrue(all(map(is_sealed, read_maildir(self.maildir(LOST)))))


@unittest.skipIf(postfix.available(), postfix.available())
class MilterKeys(Keys, unittest.TestCase):
    @classmethod
    def start_mta(cls, directory, main):
        milter = cls.stand.milter()
        cls.addClassCleanup(milter.kill)
        settings = {name: value.replace("unix:maildircrypt/milter.sock", f"unix:{milter.socket}")
                    for name, value in pipes.postfix_settings("postfix-milter.main.cf").items()}
        return postfix.Postfix(directory, MAILBOXES, main={**settings, **main})

    def expect_deferred(self, address):
        with self.assertRaises(smtp.Refused) as refused:
            self.send(address)
        self.assertEqual(refused.exception.code, 451)
        self.assertNotIn(SECRET, everything_below(self.mta.directory / "queue"))
        self.assertNotIn(SECRET, everything_below(self.maildir(address.replace("+lists", ""))))

    def await_deferred(self, addresses):
        """What is stored when the senders have come again."""
        return [self.deliver(address, mailbox=address.replace("+lists", "")) for address in addresses]


class GuardKeys(Keys):
    """A guard may take its time: what is deferred waits in the queue."""

    def mailbox_of(self, address):
        """Maildirs are called as the address came, but for ASCII letters."""
        return "".join(c.lower() if c.isascii() else c for c in address).replace("+lists", "")

    def expect_deferred(self, address):
        queue_id = self.send(address)
        self.assertEqual(self.mta.await_outcome(queue_id), "deferred")
        self.assertNotIn(SECRET, everything_below(self.maildir(address.replace("+lists", ""))))

    def await_deferred(self, addresses):
        """What is stored of the mail that has waited for a key."""
        maildirs = {self.maildir(address.replace("+lists", "")) for address in addresses}
        before = {octets for maildir in maildirs for octets in read_maildir(maildir)}

        def gone():
            self.mta.flush()
            return not self.mta.queue()
        wait_until(gone, "the deferred mail is delivered", 60)
        stored = [octets for maildir in maildirs for octets in read_maildir(maildir)
                  if octets not in before]
        self.assertEqual(len(stored), len(addresses))
        return stored


@unittest.skipIf(postfix.available(), postfix.available())
class PipeKeys(GuardKeys, unittest.TestCase):
    @classmethod
    def start_mta(cls, directory, main):
        service = pipes.postfix_service(cls.stand, directory / "maildirs", ["--recipient-delimiter", "+"])
        return postfix.Postfix(directory, MAILBOXES, services=[service],
                               main={**pipes.postfix_settings("postfix-pipe.main.cf"), **main})


@unittest.skipIf(postfix.available(), postfix.available())
class LmtpKeys(GuardKeys, unittest.TestCase):
    @classmethod
    def start_mta(cls, directory, main):
        directory.mkdir()
        maildirs = directory / "maildirs"
        maildirs.mkdir()
        maildirs.chmod(0o777)
        guard = lmtp_guard.start(cls.stand, f"maildir:{maildirs}/%u", ["--recipient-delimiter", "+"])
        cls.addClassCleanup(guard.stop)
        service = (EXAMPLES / "postfix-lmtp.master.cf").read_text()
        return postfix.Postfix(directory, MAILBOXES, services=[service],
                               main={**lmtp_guard.settings("postfix-lmtp.main.cf", guard.socket), **main})


if __name__ == "__main__":
    harness.main()
