#!/usr/bin/python3
"""DKIM and ARC move inside and verify again once a message is opened."""

import os
import pathlib
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lib"))
import harness
import openpgp
import testkeys
import undo

try:
    import dkim
except ImportError:
    dkim = None

SEAL = harness.BUILD / "tests/seal_for_test"
PROGRAM = harness.BUILD / "maildircrypt"
BODY = b"A signed text,\r\nwith trailing blanks   \r\n\r\n.\r\nand its end.\r\n"
HEADER = (b"From: Ada <ada@out.test>\r\nTo: user@sealed.test\r\nSubject:  Signed   by a domain\r\n"
          b"Date: Mon, 5 Jan 2026 10:00:00 +0000\r\nMessage-ID: <1@out.test>\r\n")


@unittest.skipIf(dkim is None, "python3-dkim is not installed")
class Dkim(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.directory = harness.temporary_directory()
        cls.users = testkeys.users(cls.directory)
        cls.packet = cls.directory / "packet"
        cls.packet.write_bytes(openpgp.encryption_packet(
            testkeys.certificate("cv25519").read_bytes()))
        cls.key = subprocess.run(["openssl", "genrsa", "-traditional", "2048"], check=True,
                                 capture_output=True).stdout
        public = subprocess.run(["openssl", "rsa", "-pubout"], input=cls.key, check=True,
                                capture_output=True).stdout
        cls.record = b"v=DKIM1; k=rsa; p=" + b"".join(public.split(b"\n")[1:-2])

    @classmethod
    def tearDownClass(cls):
        cls.users.stop_agent()

    def verifies(self, message):
        return dkim.verify(message, dnsfunc=lambda name, timeout=5: self.record)

    def signed(self, content_type, canonicalize):
        message = HEADER + content_type + b"\r\n" + BODY
        signature = dkim.sign(message, b"s", b"out.test", self.key, canonicalize=canonicalize,
                              include_headers=[b"from", b"subject", b"date", b"content-type"])
        return b"Authentication-Results: mx; dkim=pass\r\n" + signature + message

    def seal(self, message, *options):
        return subprocess.run([SEAL, *options, self.packet], input=message, check=True,
                              capture_output=True).stdout

    def open(self, sealed):
        return subprocess.run([PROGRAM, "open"], input=sealed, check=True, capture_output=True,
                              env=dict(os.environ, GNUPGHOME=str(self.users.path))).stdout

    def test_signatures_verify_after_opening(self):
        for content_type in (b"Content-Type: text/plain\r\n", b"Content-Type: text/plain;\r\n x=y\r\n", b""):
            for how in ((b"simple", b"simple"), (b"relaxed", b"relaxed")):
                message = self.signed(content_type, how)
                self.assertTrue(self.verifies(message))
                for options in ([], ["--lf"]):
                    opened = self.open(self.seal(message, *options))
                    self.assertEqual(opened, message)
                    self.assertTrue(self.verifies(opened))
                self.assertFalse(self.verifies(message.replace(b"its end", b"an end")))

    def test_signatures_move_inside_and_verdicts_stay_outside(self):
        message = (b"ARC-Seal: i=1; cv=none\r\nARC-Message-Signature: i=1; b=x\r\n"
                   b"ARC-Authentication-Results: i=1; mx; dkim=pass\r\n"
                   + self.signed(b"Content-Type: text/plain\r\n", (b"simple", b"simple")))
        for options in ([], ["--outer-headers=minimal"], ["--outer-headers=all"]):
            sealed = self.seal(message, *options)
            outside = undo.take_apart(sealed)
            for name in ("DKIM-Signature", "ARC-Seal", "ARC-Message-Signature",
                         "ARC-Authentication-Results"):
                self.assertEqual(outside.field(name), [], name)
            verdicts = [] if options == ["--outer-headers=minimal"] else [b"mx; dkim=pass"]
            self.assertEqual(outside.field("Authentication-Results"), verdicts)
            self.assertEqual(self.open(sealed), message)


if __name__ == "__main__":
    harness.main()
