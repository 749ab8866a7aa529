#!/usr/bin/python3
# needs: root
"""What stays of a message in the milter's memory when it is over: nothing."""

import pathlib
import re
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lib"))
import gpg
import harness
import testkeys
from fake_keyd import FakeKeyd
from memory import read_memory
from milter_client import MilterClient
from processes import Server, wait_until

ALICE, BOB = gpg.address_of("cv25519"), gpg.address_of("rsa2048")


class MilterMemory(unittest.TestCase):
    def setUp(self):
        here = harness.temporary_directory()
        keys = {address: ("sealable", testkeys.certificate(address.split("@")[0]).read_bytes())
                for address in (ALICE, BOB)}
        keyd = FakeKeyd(here / "keyd.sock", keys)
        self.addCleanup(keyd.stop)
        self.milter = Server([harness.BUILD / "maildircrypt-milter", "--socket",
                              f"unix:{here}/milter.sock", "--keyd", here / "keyd.sock",
                              "--spill-directory", here], here / "log", notify=True)
        self.addCleanup(self.milter.kill)
        self.path = here / "milter.sock"

    def test_no_text_of_a_message_is_left(self):
        with MilterClient(self.path) as client:
            client.negotiate()
            client.connect()
            for number in range(30):
                secret = b"MARK%04d-" % number
                fields = [("From", " ada@out.test"), ("To", f" {ALICE}, {BOB}"),
                          ("Subject", f" {secret.decode() * 20}"),
                          ("X-Long", " " + f"{secret.decode()}" * 2000)]
                recipients = [ALICE] if number % 2 else [ALICE, BOB]
                _, answer = client.message(recipients, fields, secret * 30000)
                self.assertEqual(answer, "continue")
            client.mail()
            client.recipient(ALICE)
            client.data()
            client.field("Subject", " MARK9999-" * 100)
            client.end_of_header()
            client.body(b"MARK9999-" * 5000)
            client.abort()
            client.mail()
            client.recipient(ALICE)  # answered, so the abort is done
            memory = read_memory(self.milter.pid)
        found = set(re.findall(rb"MARK\d{4}-MARK", memory))
        self.assertEqual(found, set())

    def test_the_memory_that_is_read_would_show_a_text_that_is_there(self):
        with MilterClient(self.path) as client:
            client.negotiate()
            client.connect()
            client.mail()
            client.recipient(ALICE)
            client.recipient(BOB)
            client.data()
            client.field("Subject", " MARK7777-" * 100)  # kept until it is known whom To names
            wait_until(lambda: b"MARK7777-" in read_memory(self.milter.pid), "the text is found")


if __name__ == "__main__":
    harness.main()
