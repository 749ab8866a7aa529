#!/usr/bin/python3
"""maildircrypt-lmtp towards its next hop: a scripted one that breaks LMTP in every state."""

import pathlib
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lib"))
import fake_keyd
import fake_lmtp
import gpg
import harness
import testkeys
import verify
from fake_lmtp import CLOSE, GARBAGE, MUTE
from lmtp import Client, LmtpServer
from processes import wait_until

SENDER = "ada@out.test"
KEYED = [gpg.address_of(kind) for kind in ("cv25519", "rsa2048", "nistp256")]
BODY = b"the secret plaintext of this message\r\n.a line with a dot\r\n"
LETTER = b"From: ada@out.test\r\nSubject: hidden\r\n\r\n" + BODY
STEPS = ["greeting", "lhlo", "mail", "rcpt", "data", "middle", "end"]


class NextHop(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.directory = harness.temporary_directory()
        cls.users = testkeys.users(cls.directory)
        cls.addClassCleanup(cls.users.stop_agent)
        keys = {address: ("sealable", testkeys.certificate(address.split("@")[0]).read_bytes())
                for address in KEYED}
        keys["revoked@sealed.test"] = ("revoked", None)
        cls.keyd = fake_keyd.FakeKeyd(cls.directory / "keyd.sock", keys)
        cls.number = 0

    def start(self, *options, listening=True, patience=2, **hop):
        type(self).number += 1
        path = self.directory / f"next{self.number}.sock"
        self.hop = fake_lmtp.FakeNextHop(path, **hop)
        self.addCleanup(self.hop.stop)
        if not listening:
            self.hop.stop()
        self.server = LmtpServer(self.directory, harness.BUILD, self.keyd.path, f"lmtp:unix:{path}",
                                 "--next-timeout", patience, *options)
        self.addCleanup(self.server.stop)
        self.client = Client(self.server.socket)
        self.addCleanup(self.client.close)
        return self.client

    def kind_of(self, transaction):
        return transaction.recipients[0].split("<")[1].split("@")[0]

    def opened(self, transaction):
        return verify.Opened(transaction.content, self.users, None, self.kind_of(transaction))

    # ---- when all is well

    def test_each_keyed_recipient_gets_a_transaction_sealed_to_them_alone(self):
        replies = self.start().send(SENDER, KEYED, LETTER)
        self.assertEqual([reply[:9] for reply in replies], ["250 2.0.0"] * 3)
        self.assertIn("saved", replies[0])
        self.assertEqual(len(self.hop.transactions), 3)
        for transaction in self.hop.transactions:
            self.assertEqual(len(transaction.recipients), 1)
            self.assertEqual(self.opened(transaction).original, LETTER)
            self.assertTrue(transaction.mail.startswith(f"MAIL FROM:<{SENDER}> SIZE="))
        self.assertEqual({self.kind_of(t) for t in self.hop.transactions},
                         {address.split("@")[0] for address in KEYED})

    def test_recipients_whose_mail_passes_in_clear_share_a_transaction(self):
        client = self.start("--domains", "sealed.test")
        replies = client.send(SENDER, ["a@sealed.test", KEYED[0], "b@sealed.test", "c@else.test"],
                              LETTER)
        self.assertTrue(all(reply.startswith("250") for reply in replies))
        contents = {tuple(t.recipients): t.content for t in self.hop.transactions}
        self.assertEqual(len(contents), 3)
        clear = contents[("RCPT TO:<a@sealed.test>", "RCPT TO:<b@sealed.test>")]
        mark, _, rest = clear.partition(b"\r\n")
        self.assertTrue(mark.startswith(b"Maildircrypt-Provenance: clear;"))
        self.assertEqual(rest, LETTER)
        self.assertEqual(contents[("RCPT TO:<c@else.test>",)], LETTER)

    def test_connections_are_reused(self):
        client = self.start()
        for _ in range(5):
            client.send(SENDER, KEYED[:1], LETTER)
        self.assertEqual(self.hop.connections, 1)
        self.assertEqual(len(self.hop.transactions), 5)

    def test_a_sealed_message_passes_octet_for_octet_in_one_transaction(self):
        client = self.start()
        client.send(SENDER, KEYED[:1], LETTER)
        sealed = self.hop.transactions[0].content
        replies = client.send(SENDER, [KEYED[0], KEYED[1], KEYED[0].upper()], sealed)
        self.assertTrue(all(reply.startswith("250") for reply in replies), replies)
        same = [t for t in self.hop.transactions[1:] if t.content == sealed]
        self.assertEqual([t.recipients for t in same],
                         [[f"RCPT TO:<{KEYED[0]}>", f"RCPT TO:<{KEYED[0].upper()}>"]])
        other = [t for t in self.hop.transactions[1:] if t.content != sealed]
        self.assertEqual(len(other), 1)
        self.assertEqual(self.opened(other[0]).original, sealed)

    def test_without_chunking_and_pipelining_the_same_octets_arrive(self):
        client = self.start("--domains", "sealed.test", features=())
        odd = LETTER + b"no line end"
        self.assertIn("250", client.send(SENDER, ["a@else.test", KEYED[0]], LETTER)[0])
        client.envelope(SENDER, ["b@else.test", KEYED[0]])
        replies = client.chunks(odd[:50], odd[50:], answers=2)
        self.assertTrue(all(reply.startswith("250") for reply in replies))
        plain = [t.content for t in self.hop.transactions if "else" in t.recipients[0]]
        self.assertEqual(plain, [LETTER, odd + b"\r\n"])
        sealed = [t for t in self.hop.transactions if "else" not in t.recipients[0]]
        self.assertEqual([self.opened(t).original for t in sealed], [LETTER, odd])
        self.assertEqual({t.how for t in self.hop.transactions}, {"DATA"})

    def test_lone_line_feeds_cannot_smuggle_an_end_of_data(self):
        client = self.start("--domains", "sealed.test", features=())
        client.envelope(SENDER, ["a@else.test"])
        content = b"Subject: x\r\n\r\na\n.\nMAIL FROM:<evil@x.test>\n\r.\rx\r\n"
        client.chunks(content, answers=1)
        self.assertEqual(self.hop.transactions[0].content,
                         content.replace(b"\n.\n", b"\n..\n").replace(b"\r.\r", b"\r..\r"))

    def test_dsn_and_trace_reach_a_next_hop_that_offers_them(self):
        client = self.start()
        self.assertIn("250-DSN", client.features)
        self.assertIn("250-XFORWARD NAME ADDR", client.features)
        self.assertTrue(client.say("XFORWARD NAME=mail.out.test ADDR=192.0.2.7").startswith("250"))
        client.say(f"MAIL FROM:<{SENDER}> RET=HDRS ENVID=abc BODY=8BITMIME SMTPUTF8")
        client.say(f"RCPT TO:<{KEYED[0]}> NOTIFY=FAILURE ORCPT=rfc822;Ada@Sealed.test")
        client.data(LETTER, 1)
        transaction = self.hop.transactions[0]
        self.assertEqual(transaction.xforward, ["XFORWARD NAME=mail.out.test ADDR=192.0.2.7"])
        for word in ("RET=HDRS", "ENVID=abc", "BODY=8BITMIME", "SMTPUTF8"):
            self.assertIn(" " + word, transaction.mail)
        self.assertEqual(transaction.recipients,
                         [f"RCPT TO:<{KEYED[0]}> NOTIFY=FAILURE ORCPT=rfc822;Ada@Sealed.test"])

    def test_what_the_next_hop_does_not_offer_is_not_offered_nor_sent(self):
        client = self.start(features=["CHUNKING"])
        self.assertNotIn("DSN", client.features)
        self.assertNotIn("XFORWARD", client.features)
        client.say(f"MAIL FROM:<{SENDER}> BODY=8BITMIME SMTPUTF8 SIZE=100")
        client.say(f"RCPT TO:<{KEYED[0]}>")
        client.data(LETTER, 1)
        self.assertEqual(self.hop.transactions[0].mail, f"MAIL FROM:<{SENDER}>")

    # ---- its verdicts

    def test_verdicts_of_every_step_are_handed_back_with_their_codes(self):
        for step in ("mail", "rcpt", "data", "end"):
            for said, expected in (("552 5.2.2 over quota", "552 5.2.2 over quota"),
                                   ("452 4.2.2 full for now", "452 4.2.2 full for now"),
                                   ("550 no such user", "550 5.0.0 no such user"),
                                   ("450-several\r\n450 4.2.1 lines", "450 4.2.1 lines"),
                                   ("421 4.3.2 going down", "451 4.3.2 going down"),
                                   ("502 5.5.1 what?", "451 4.5.0 "),
                                   ("550 5.1.1 \x80\x01bell", "550 5.1.1 ???bell")):
                with self.subTest(f"{step}: {said!r}"):
                    features = ["PIPELINING"]
                    client = self.start(features=features, answers={step: said})
                    reply = client.send(SENDER, KEYED[:1], LETTER)[0]
                    self.assertTrue(reply.startswith(expected), reply)
                    self.hop.answers = {}
                    again = client.send(SENDER, KEYED[:1], LETTER)[0]
                    self.assertTrue(again.startswith("250"), again)

    def test_each_recipient_has_their_own_verdict_in_their_order(self):
        def verdict(line):
            return {"b": "452 4.2.2 full", "d": "550 5.7.1 no"}.get(line.split("<")[1][0])

        for step in ("rcpt", "end"):
            for features in (fake_lmtp.FEATURES, ()):
                with self.subTest(step, features=features):
                    client = self.start(features=features, answers={step: verdict})
                    names = [f"{letter}@sealed.test" for letter in "abcde"]
                    names.insert(2, KEYED[0])
                    replies = client.send(SENDER, names, LETTER)
                    self.assertEqual([reply[:9] for reply in replies],
                                     ["250 2.0.0", "452 4.2.2", "250 2.0.0", "250 2.0.0",
                                      "550 5.7.1", "250 2.0.0"])

    def test_many_recipients_pass_the_pipelining_window_in_order(self):
        def verdict(line):
            number = int(line.split("<u")[1].split("@")[0])
            return f"550 5.1.1 no{number}" if number % 7 == 0 else None

        client = self.start(answers={"rcpt": verdict})
        replies = client.send(SENDER, [f"u{n}@sealed.test" for n in range(1000)], LETTER)
        for number, reply in enumerate(replies):
            expected = f"550 5.1.1 no{number}" if number % 7 == 0 else "250 2.0.0"
            self.assertTrue(reply.startswith(expected), reply)

    def test_only_250_counts_at_the_end(self):
        for said in ("251 2.0.0 hm", "200 ok", "354 more", "150 wait"):
            with self.subTest(said):
                reply = self.start(answers={"end": said}).send(SENDER, KEYED[:1], LETTER)[0]
                self.assertTrue(reply.startswith("451 4.5.0"), reply)

    # ---- its size limit

    def test_its_size_limit_is_ours_and_holds_for_the_sealed_size(self):
        client = self.start(features=["SIZE 5000", "CHUNKING"])
        self.assertIn("250-SIZE 5000", client.features)
        self.assertTrue(client.say(f"MAIL FROM:<{SENDER}> SIZE=5001").startswith("552 5.3.4"))
        client.say(f"MAIL FROM:<{SENDER}> SIZE=4800")
        self.assertTrue(client.say(f"RCPT TO:<{KEYED[0]}>").startswith("552 5.3.4"))
        self.assertTrue(client.say("RCPT TO:<nokey@sealed.test>").startswith("250"))
        client.say("RSET")
        replies = client.send(SENDER, [KEYED[0], "nokey@sealed.test"], LETTER + b"x" * 4500 + b"\r\n")
        self.assertEqual([reply[:9] for reply in replies], ["552 5.3.4", "250 2.0.0"])

    # ---- its faults

    def test_a_next_hop_that_is_away_means_later(self):
        client = self.start(listening=False)
        reply = client.send(SENDER, KEYED[:1], LETTER)[0]
        self.assertTrue(reply.startswith("451 4.4.1"), reply)
        self.hop.listen()
        self.assertTrue(client.send(SENDER, KEYED[:1], LETTER)[0].startswith("250"))

    def test_a_fault_at_any_step_means_later_and_the_next_message_comes_through(self):
        for step in STEPS:
            for fault, what in ((CLOSE, "closes"), (GARBAGE, "talks garbage"), (MUTE, "is mute")):
                for features in (("PIPELINING", "CHUNKING"), ()):
                    if step == "data" and "CHUNKING" in features:
                        continue
                    if step == "middle" and fault is MUTE:
                        continue
                    with self.subTest(f"{what} at {step}", features=features):
                        self.check_fault(step, fault, features)

    def check_fault(self, step, fault, features):
        answers = {} if step in ("greeting", "lhlo") else {step: fault}
        client = self.start(features=features, answers=answers)
        if step in ("greeting", "lhlo"):
            self.hop.answers = {step: fault}
            self.hop.drop_connections()  # the probe's
        letter = LETTER + b"x" * 70 * 30000 if step == "middle" else LETTER
        started = time.monotonic()
        replies = client.send(SENDER, [KEYED[0], "nokey@sealed.test"], letter)
        for reply in replies:
            self.assertTrue(reply.startswith("451 4.4."), reply)
        limit = 45 if step in ("greeting", "lhlo") and fault is MUTE else 12
        self.assertLess(time.monotonic() - started, limit)
        self.hop.answers = {}
        again = client.send(SENDER, KEYED[:1], LETTER)[0]
        self.assertTrue(again.startswith("250"), again)

    def test_a_kept_connection_that_closed_meanwhile_costs_nothing(self):
        for farewell in (b"", b"421 4.4.2 idle too long\r\n"):
            with self.subTest(farewell):
                client = self.start()
                client.send(SENDER, KEYED[:1], LETTER)
                for line in self.hop.sockets:
                    line.sendall(farewell)
                self.hop.drop_connections()
                self.assertTrue(client.send(SENDER, KEYED[:1], LETTER)[0].startswith("250"))
                self.assertEqual(len(self.hop.transactions), 2)

    def test_421_on_a_kept_connection_is_tried_anew(self):
        first = []

        def busy(_):
            if len(first) < 1:
                first.append(1)
                return "421 4.3.2 this process is done"
            return None

        client = self.start()
        client.send(SENDER, KEYED[:1], LETTER)
        self.hop.answers = {"mail": busy}
        self.assertTrue(client.send(SENDER, KEYED[:1], LETTER)[0].startswith("250"))
        self.assertEqual(first, [1])

    def test_the_sealed_message_waits_in_the_spill_and_nothing_stays_there(self):
        client = self.start("--spill-memory", "0")
        big = LETTER + b"".join(b"line %09d\r\n" % i for i in range(200000))
        self.assertTrue(client.send(SENDER, [KEYED[0], "nokey@sealed.test"], big)[0]
                        .startswith("250"))
        self.assertEqual(self.opened(self.hop.transactions[0]).original, big)
        self.assertNotIn(b"secret plaintext", b"".join(
            path.read_bytes() for path in self.server.directory.iterdir() if path.is_file()))

    def test_a_mute_next_hop_for_one_message_does_not_hold_up_another(self):
        def verdict(line):
            return MUTE if "<slow" in line else None

        self.start(patience=20, answers={"end": verdict})
        slow = Client(self.server.socket)
        self.addCleanup(slow.close)
        slow.envelope(SENDER, ["slow@sealed.test"])
        slow.say("DATA")
        slow.raw(LETTER + b".\r\n")
        wait_until(lambda: self.hop.transactions, "the next hop has the slow message")
        started = time.monotonic()
        self.assertTrue(self.client.send(SENDER, KEYED[:1], LETTER)[0].startswith("250"))
        self.assertLess(time.monotonic() - started, 5)


if __name__ == "__main__":
    harness.main()
