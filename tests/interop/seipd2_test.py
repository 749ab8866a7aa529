#!/usr/bin/python3
# needs: root
"""seipd2 = auto: mail to a certificate that announces it is AES-256-OCB, all the way from its upload."""

import pathlib
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lib"))
import decryptors
import gpg
import harness
import openpgp
import testkeys
from keyd import Keyd
from pipe_runner import Mailboxes, Pipe, is_root
from undo import packets, take_apart, undo

ADDRESS = f"modern@{gpg.DOMAIN}"
OLDER = gpg.address_of("cv25519")
MESSAGE = b"From: a@out.test\nSubject: secret\nContent-Type: text/plain\n\nA sealed letter.\n" * 200
VERSION_ONE, VERSION_TWO = [(1, 3), (18, 1)], [(1, 6), (18, 2)]


@unittest.skipUnless(is_root(), "keyd runs as a user of its own, which needs root")
class VersionTwo(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.reader = decryptors.OpenpgpjsNode()
        missing = cls.reader.missing()
        if missing:
            raise unittest.SkipTest(missing)
        cls.directory = harness.temporary_directory()
        subprocess.run(["node", decryptors.HERE / "openpgpjs/announce.mjs", ADDRESS, cls.directory],
                       cwd=decryptors.NODE_MODULES, check=True)
        cls.keyd = Keyd(cls.directory / "keyd", harness.install_programs(cls.directory / "bin"))
        cls.addClassCleanup(cls.keyd.stop)
        cls.keyd.add(ADDRESS, cls.directory / "announcing.asc")
        cls.keyd.add(OLDER, testkeys.certificate("cv25519"))
        cls.pipe = Pipe(cls.directory / "pipe")
        cls.boxes = Mailboxes(cls.directory / "mail")

    def deliver(self, address, *options):
        self.boxes.clear()
        done = self.pipe.run("--recipient", address, "--keyd", self.keyd.socket, "--maildir",
                             self.boxes.template, *options, message=MESSAGE)
        self.assertEqual(done.returncode, 0, done.stdout)
        (stored,) = self.boxes.messages(address)
        return take_apart(stored).armour

    def test_it_is_off_by_default(self):
        for options in ([], ["--seipd2=off"]):
            for address in (ADDRESS, OLDER):
                self.assertEqual(packets(openpgp.dearmour(self.deliver(address, *options))), VERSION_ONE)

    def test_a_certificate_that_says_nothing_gets_version_one(self):
        self.assertEqual(packets(openpgp.dearmour(self.deliver(OLDER, "--seipd2=auto"))), VERSION_ONE)

    def test_a_certificate_that_announces_it_gets_version_two_and_opens(self):
        for options in ([], ["--compression=zlib"], ["--padding=none"]):
            armour = self.deliver(ADDRESS, "--seipd2=auto", *options)
            self.assertEqual(packets(openpgp.dearmour(armour)), VERSION_TWO)
            path = self.directory / "armour"
            path.write_bytes(armour)
            job = {"kind": "modern", "key": str(self.directory / "announcing.key"),
                   "armour": str(path), "output": str(self.directory / "plain")}
            self.reader.decrypt([job], self.directory)
            self.assertEqual(undo((self.directory / "plain").read_bytes()), MESSAGE)

    def test_what_is_version_two_is_not_sealed_again(self):
        self.deliver(ADDRESS, "--seipd2=auto")
        (stored,) = self.boxes.messages(ADDRESS)
        self.boxes.clear()
        done = self.pipe.run("--recipient", ADDRESS, "--keyd", self.keyd.socket, "--maildir",
                             self.boxes.template, "--seipd2=auto", message=stored)
        self.assertEqual(done.returncode, 0)
        self.assertEqual(self.boxes.messages(ADDRESS), [stored])


if __name__ == "__main__":
    harness.main()
