"""A user with a key and a Maildir of sealed mail, for mail clients to open."""

import email.utils
import os
import pathlib
import shutil
import subprocess
import sys
import time
from email.message import EmailMessage

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lib"))
import dovecot
import gpg
import harness
import openpgp
import testkeys

SEAL = harness.BUILD / "tests/seal_for_test"
KIND = "cv25519"
ADDRESS = gpg.address_of(KIND)
SENDER = gpg.address_of("nistp256")  # its key signs; the user has its certificate


def plain():
    message = EmailMessage()
    message["Subject"] = "Grüße vom Unterwassermotor"
    message.set_content("The plain body speaks of a lighthouse.\n")
    return message


def html():
    message = EmailMessage()
    message["Subject"] = "Quarterly zeppelin figures"
    message.set_content("The text part mentions marmalade.\n")
    message.add_alternative("<p>The HTML part mentions <b>marmalade</b>.</p>", subtype="html")
    message.add_attachment(bytes(range(256)) * 40, maintype="application", subtype="pdf",
                           filename="figures.pdf")
    return message


def bare():
    """No MIME at all."""
    message = EmailMessage()
    message["Subject"] = "Bare as a walnut"
    message.set_payload("Nothing but text about walnuts.\n")
    return message


def signed(home, protected):
    """multipart/signed with a real signature; the signed part has protected headers or not."""
    subject = "Signed rhubarb, protected" if protected else "Signed rhubarb"
    kind = b'text/plain; protected-headers="v1"' if protected else b"text/plain"
    part = b"Content-Type: " + kind + b"\r\n"
    if protected:
        part += b"Subject: " + subject.encode() + b"\r\n"
    part += b"\r\nThe signed body grows rhubarb.\r\n"
    signature = home.run("--armor", "--detach-sign", "--local-user", SENDER, data=part).stdout
    raw = (b"Subject: " + subject.encode() + b"\n"
           b"MIME-Version: 1.0\n"
           b"Content-Type: multipart/signed; micalg=pgp-sha256; boundary=\"sig\";\n"
           b" protocol=\"application/pgp-signature\"\n\n--sig\n" + part.replace(b"\r\n", b"\n")
           + b"\n--sig\nContent-Type: application/pgp-signature; name=\"signature.asc\"\n\n"
           + signature + b"\n--sig--\n")
    return subject, raw


class SealedMaildir:
    """`originals` maps true Subjects to whole messages, in the order of arrival."""

    def __init__(self, directory, *options):
        self.directory = pathlib.Path(directory)
        self.home = testkeys.users(self.directory)
        self.maildir = self.directory / "mail" / KIND / "Maildir"
        for part in ("cur", "new", "tmp"):
            (self.maildir / part).mkdir(parents=True)
        self.packet = self.directory / "packet"
        certificate = testkeys.certificate(KIND).read_bytes()
        self.packet.write_bytes(openpgp.encryption_packet(certificate))
        self.options = options
        self.originals = {}
        for message in (plain(), html(), bare()):
            self.add(message["Subject"], message.as_bytes())
        for protected in (False, True):
            self.add(*signed(self.home, protected))

    def add(self, subject, raw):
        number = len(self.originals) + 1
        # Of now: Thunderbird compares the date of a signature with the message's.
        date = email.utils.formatdate(time.time() - 100 + number)
        head = (f"From: Sender <{SENDER}>\nTo: <{ADDRESS}>\nDate: {date}\n"
                f"Message-ID: <{number}@out.test>\n").encode()
        message = head + raw
        sealed = subprocess.run([SEAL, "--lf", *self.options, self.packet], input=message,
                                capture_output=True, check=True).stdout
        (self.maildir / f"new/178030800{number}.M{number}P1.host").write_bytes(sealed)
        self.originals[subject] = message

    def serve(self):
        """A Dovecot for this Maildir; the login is ADDRESS."""
        for path in (self.directory / "mail" / KIND, self.maildir, *self.maildir.rglob("*")):
            shutil.chown(path, dovecot.MAILBOX_USER, "nogroup")
        return dovecot.Dovecot(self.directory / "dovecot", [ADDRESS], mail=self.directory / "mail")

    def environment(self, **more):
        return dict(os.environ, GNUPGHOME=str(self.home.path), HOME=str(self.directory),
                    LC_ALL="C.UTF-8", **more)
