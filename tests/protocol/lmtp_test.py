#!/usr/bin/python3
"""maildircrypt-lmtp towards its peers, into Maildirs: good ones, broken ones, slow ones, too many."""

import os
import pathlib
import resource
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lib"))
import fake_keyd
import gpg
import harness
import messages
import testkeys
import verify
from keyd import BadKeyd
from lmtp import Client, LmtpServer, Lost, stuffed
from processes import Server, free_port, wait_until
from stand import everything_below

SENDER = "ada@out.test"
KINDS = list(gpg.KINDS)
ADDRESS = gpg.address_of("cv25519")
SECRET = b"the secret plaintext of this message"
LETTER = b"From: ada@out.test\r\nSubject: hidden\r\n\r\n" + SECRET + b"\r\n.a line with a dot\r\n"
MAX_RECIPIENTS = 1000
MIB = 1024


class Lmtp(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.directory = harness.temporary_directory()
        cls.users = testkeys.users(cls.directory)
        cls.addClassCleanup(cls.users.stop_agent)
        keys = {gpg.address_of(kind): ("sealable", testkeys.certificate(kind).read_bytes())
                for kind in KINDS}
        for state in ("revoked", "tombstone", "expired"):
            keys[f"{state}@sealed.test"] = (state, testkeys.certificate("cv25519").read_bytes())
        cls.keyd = fake_keyd.FakeKeyd(cls.directory / "keyd.sock", keys)
        cls.number = 0

    def start(self, *options, keyd=None, **others):
        type(self).number += 1
        self.maildirs = self.directory / f"maildirs{self.number}"
        self.maildirs.mkdir()
        self.server = LmtpServer(self.directory, harness.BUILD, keyd or self.keyd.path,
                                 f"maildir:{self.maildirs}/%u", *options, **others)
        self.addCleanup(self.server.stop)
        return self.server

    def client(self, **options):
        client = Client(self.server.socket, **options)
        self.addCleanup(client.close)
        return client

    def stored(self, name):
        new = self.maildirs / name / "new"
        return [path.read_bytes() for path in sorted(new.iterdir())] if new.exists() else []

    def left_in_tmp(self):
        return [path for path in self.maildirs.glob("*/tmp/*")]

    def opened(self, kind):
        return [verify.Opened(octets, self.users, None, kind).original
                for octets in self.stored(kind)]

    # ---- mail

    def test_every_awkward_message_is_sealed_octet_for_octet_by_bdat(self):
        self.start()
        client = self.client()
        expected = {kind: [] for kind in KINDS}
        for number, (_, octets) in enumerate(messages.everything()):
            kind = KINDS[number % len(KINDS)]
            client.envelope(SENDER, [gpg.address_of(kind)])
            middle = len(octets) // 2
            replies = client.chunks(octets[:middle], octets[middle:], answers=1)
            self.assertTrue(replies[-1].startswith("250 2.0.0"), replies)
            expected[kind].append(octets)
        stored = {kind: self.stored(kind) for kind in KINDS}
        _, passed = verify.check_round(stored, expected, self.users, None)
        self.assertEqual(passed, messages.encrypted_by_the_sender())

    def test_every_awkward_message_is_sealed_octet_for_octet_by_data(self):
        self.start()
        client = self.client()
        expected = []
        for _, octets in messages.awkward():
            reply = client.send(SENDER, [ADDRESS], octets)[0]
            self.assertTrue(reply.startswith("250 2.0.0"), reply)
            ended = octets == b"" or octets.endswith(b"\r\n")
            expected.append(octets if ended else octets + b"\r\n")
        self.assertEqual(sorted(self.opened("cv25519")), sorted(expected))

    def test_each_recipient_is_treated_alone(self):
        self.start("--domains", "sealed.test")
        client = self.client()
        recipients = [*map(gpg.address_of, KINDS), "nokey@sealed.test", "someone@else.test",
                      "expired@sealed.test"]
        replies = client.send(SENDER, recipients, LETTER)
        self.assertEqual(len(replies), len(recipients))
        self.assertTrue(all(reply.startswith("250 2.0.0") for reply in replies), replies)
        for kind in KINDS:
            self.assertEqual(self.opened(kind), [LETTER])
        local = LETTER.replace(b"\r\n", b"\n")
        self.assertEqual(self.stored("someone"), [local])
        mark, _, rest = self.stored("nokey")[0].partition(b"\n")
        self.assertEqual(mark, b"Maildircrypt-Provenance: clear; host=mx.sealed.test; reason=no-key")
        self.assertEqual(rest, local)
        self.assertEqual(len(self.stored("expired")), 1)
        self.assertTrue(verify.is_sealed(self.stored("expired")[0]))
        self.assertEqual(self.left_in_tmp(), [])

    def test_policy_answers_at_rcpt(self):
        self.start("--no-key", "reject", "--expired", "defer")
        client = self.client()
        replies = client.envelope(SENDER, ["nokey@sealed.test", "expired@sealed.test",
                                           "revoked@sealed.test", "tombstone@sealed.test", ADDRESS])
        self.assertEqual([reply[:9] for reply in replies[1:]],
                         ["550 5.7.1", "451 4.7.1", "451 4.7.1", "451 4.7.1", "250 2.1.5"])
        self.assertTrue(client.data(LETTER, 1)[0].startswith("250"))
        self.assertEqual(sorted(path.name for path in self.maildirs.iterdir()), ["cv25519"])

    def test_addresses_that_name_no_mailbox_are_put_off_at_rcpt(self):
        self.start("--domains", "sealed.test")
        client = self.client()
        client.say(f"MAIL FROM:<{SENDER}>")
        for path, expected in (('<"../x"@sealed.test>', "451 4.1.3"),
                               ('<"..\\/..\\/x"@else.test>', "451 4.1.3"),
                               ('<".hidden"@sealed.test>', "451 4.1.3"),
                               ('<"a/b"@sealed.test>', "451 4.1.3"),
                               ("<postmaster>", "451 4.1.3"), ("<a@b@sealed.test>", "451 4.1.3"),
                               ("<a@sealed..test>", "451 4.1.3"),
                               ("<cv25519@[192.0.2.1]>", "451 4.1.3"),
                               (f"<{'x' * 65}@sealed.test>", "451 4.1.3")):
            self.assertTrue(client.say(f"RCPT TO:{path}").startswith(expected), path)
        self.assertEqual(list(self.maildirs.iterdir()), [])

    def test_an_address_that_keyd_cannot_know_holds_up_nobody_else(self):
        self.start()
        client = self.client()
        client.say(f"MAIL FROM:<{SENDER}>")
        client.raw(b"RCPT TO:<\xff@sealed.test>\r\n")
        self.assertTrue(client.reply().startswith("451 4.1.3"))
        self.assertTrue(client.say(f"RCPT TO:<{gpg.address_of('cv25519')}>").startswith("250"))

    def test_recipients_of_a_reset_transaction_get_nothing_of_the_next(self):
        self.start()
        client = self.client()
        for command in ("RSET", "LHLO again.test"):
            client.envelope(SENDER, ["rsa2048@sealed.test"])
            client.say(command)
            client.send(SENDER, [ADDRESS], LETTER)
        client.envelope(SENDER, ["rsa2048@sealed.test"])
        client.raw(b"BDAT 5\r\nabcde")
        client.reply()
        client.say("RSET")
        client.send(SENDER, [ADDRESS], LETTER)
        self.assertEqual(self.opened("cv25519"), [LETTER] * 3)
        self.assertEqual(self.stored("rsa2048"), [])
        wait_until(lambda: not self.left_in_tmp(), "tmp is empty")

    def test_a_message_already_encrypted_is_stored_as_it_came(self):
        self.start()
        client = self.client()
        client.send(SENDER, [ADDRESS], LETTER)
        sealed = self.stored("cv25519")[0]
        wire = sealed.replace(b"\n", b"\r\n")
        replies = client.send(SENDER, [ADDRESS, "rsa2048@sealed.test"], wire)
        self.assertTrue(all(reply.startswith("250") for reply in replies))
        self.assertEqual(self.stored("cv25519"), [sealed, sealed])
        self.assertEqual(self.opened("rsa2048"), [wire])
        self.assertEqual(len(self.server.events("delivered .*as=already-encrypted")), 1)

    def test_a_mailbox_that_fails_does_not_take_the_others_with_it(self):
        self.start()
        client = self.client()
        (self.maildirs / "rsa2048").write_text("a file where a Maildir should be")
        client.send(SENDER, [ADDRESS], LETTER)
        sealed = self.stored("cv25519")[0].replace(b"\n", b"\r\n")
        for letter in (LETTER, sealed):
            replies = client.send(SENDER, ["rsa2048@sealed.test", ADDRESS, "nokey@sealed.test"],
                                  letter)
            self.assertEqual([reply[:9] for reply in replies],
                             ["451 4.3.0", "250 2.0.0", "250 2.0.0"])
        self.assertEqual(len(self.stored("cv25519")), 3)

    # ---- the protocol, kept and broken

    def test_a_conversation_in_one_piece_or_in_single_octets_is_the_same(self):
        self.start()
        talk = (f"LHLO c\r\nMAIL FROM:<{SENDER}>\r\nRCPT TO:<{ADDRESS}>\r\nDATA\r\n".encode()
                + stuffed(LETTER) + f"MAIL FROM:<>\r\nRCPT TO:<{ADDRESS}>\r\n".encode()
                + b"BDAT %d LAST\r\n" % len(LETTER) + LETTER + b"QUIT\r\n")
        for size in (len(talk), 1, 3):
            client = self.client(greet=False)
            for at in range(0, len(talk), size):
                client.raw(talk[at:at + size])
            text = client.file.read().decode()
            self.assertEqual(text.count("250 2.0.0 Stored"), 2, text)
            self.assertTrue(text.endswith("closing\r\n"))
        self.assertEqual(self.opened("cv25519"), [LETTER] * 6)

    def test_a_peer_that_leaves_at_any_moment_leaves_nothing_behind(self):
        self.start()
        talk = (f"LHLO c\r\nMAIL FROM:<{SENDER}>\r\nRCPT TO:<{ADDRESS}>\r\n"
                "RCPT TO:<nokey@sealed.test>\r\n".encode())
        for content in (b"DATA\r\n" + stuffed(LETTER),
                        b"BDAT 20\r\n" + LETTER[:20] + b"BDAT %d LAST\r\n" % (len(LETTER) - 20)
                        + LETTER[20:]):
            whole = talk + content
            for end in range(0, len(whole), 3):
                client = Client(self.server.socket, greet=False)
                client.raw(whole[:end])
                client.close()
        self.assertTrue(self.client().send(SENDER, ["rsa2048@sealed.test"], LETTER)[0]
                        .startswith("250"))
        wait_until(lambda: not self.left_in_tmp(), "tmp is empty")
        self.assertEqual(self.stored("cv25519"), [])
        self.assertEqual(self.stored("nokey"), [])

    def test_every_command_in_every_state_gets_the_answer_of_the_protocol(self):
        self.start()
        chunk = b"BDAT 5\r\nabcde"
        states = {"fresh": [], "greeted": [b"LHLO c\r\n"]}
        states["sender"] = [*states["greeted"], f"MAIL FROM:<{SENDER}>\r\n".encode()]
        states["refused"] = [*states["sender"], b"RCPT TO:<revoked@sealed.test>\r\n"]
        states["recipient"] = [*states["sender"], f"RCPT TO:<{ADDRESS}>\r\n".encode()]
        states["chunking"] = [*states["recipient"], chunk]
        codes = {  # fresh, greeted, sender, refused, recipient, chunking
            b"LHLO d\r\n": "250 250 250 250 250 250", b"LHLO\r\n": "501 501 501 501 501 501",
            b"HELO d\r\n": "500 500 500 500 500 500", b"EHLO d\r\n": "500 500 500 500 500 500",
            b"MAIL FROM:<>\r\n": "503 250 503 503 503 503",
            b"RCPT TO:<rsa2048@sealed.test>\r\n": "503 503 250 250 250 503",
            b"RCPT TO:<revoked@sealed.test>\r\n": "503 503 451 451 451 503",
            b"DATA\r\n": "503 503 503 503 354 503", chunk: "503 503 503 503 250 250",
            b"BDAT 0 LAST\r\n": "503 503 503 503 250 250", b"BDAT\r\n": "501 501 501 501 501 501",
            b"RSET\r\n": "250 250 250 250 250 250", b"NOOP\r\n": "250 250 250 250 250 250",
            b"VRFY x\r\n": "252 252 252 252 252 252", b"HELP\r\n": "214 214 214 214 214 214",
            b"TURN\r\n": "502 502 502 502 502 502", b"\r\n": "500 500 500 500 500 500",
            b"XFORWARD NAME=x\r\n": "502 502 502 502 502 502",
            b"QUIT\r\n": "221 221 221 221 221 221",
        }
        for command, row in codes.items():
            for (state, steps), expected in zip(states.items(), row.split()):
                with self.subTest(command=command, state=state):
                    client = Client(self.server.socket, greet=False)
                    self.assertTrue(client.reply().startswith("220"))
                    for step in steps:
                        client.raw(step)
                        client.reply()
                    client.raw(command)
                    self.assertEqual(client.reply()[:3], expected)
                    client.close()
        wait_until(lambda: not self.left_in_tmp(), "tmp is empty")

    def test_garbage_in_any_state_stores_nothing_and_hurts_nobody(self):
        self.start()
        steps = [b"LHLO c\r\n", f"MAIL FROM:<{SENDER}>\r\n".encode(),
                 f"RCPT TO:<{ADDRESS}>\r\n".encode(), b"BDAT 5\r\nabcde", b"BDAT 9\r\nabc"]
        garbage = [bytes(range(256)) * 40, b"\0" * 10000, b"A" * 100000 + b"\r\n", b"\n" * 5000,
                   b"\r" * 5000 + b"\n", b"BDAT 99999999999999999999\r\n" + LETTER,
                   b"BDAT 18446744073709551615 LAST\r\nabc", b"BDAT 1 LAST LAST\r\n",
                   b"RCPT TO:<" + b"a" * 1900 + b"@x>\r\n", b"MAIL FROM:<\"\r\n", b"DATA\r\n\x80" * 9]
        for state in range(len(steps) + 1):
            for octets in garbage:
                client = Client(self.server.socket, greet=False)
                try:
                    client.raw(b"".join(steps[:state]) + octets)
                    client.socket.shutdown(socket.SHUT_WR)
                    client.file.read()
                except OSError:
                    pass
                client.close()
        self.assertEqual(self.stored("cv25519"), [])
        self.assertTrue(self.client().send(SENDER, [ADDRESS], LETTER)[0].startswith("250"))
        wait_until(lambda: not self.left_in_tmp(), "tmp is empty")

    def test_only_crlf_dot_crlf_ends_data(self):
        self.start()
        client = self.client()
        client.envelope(SENDER, [ADDRESS])
        client.say("DATA")
        client.raw(LETTER)
        smuggled = b""
        for end in (b"\n.\n", b"\n.\r\n", b"\r.\r\n", b"\r\n.\n", b"\r\n.\r", b"\r.\r", b"\n.\r"):
            smuggled += b"x" + end + b"MAIL FROM:<evil@x.test>\r\nRCPT TO:<nokey@sealed.test>\r\nDATA\r\n"
        client.raw(smuggled + b".\r\n")
        self.assertTrue(client.reply().startswith("250 2.0.0 Stored"))
        self.assertTrue(client.say("NOOP").startswith("250"))
        self.assertEqual(len(self.opened("cv25519")), 1)
        self.assertEqual(self.stored("nokey"), [])

    @unittest.skipUnless(shutil.which("smtp-source"), "smtp-source is missing")
    def test_smtp_source_in_lmtp_mode_is_served(self):
        self.start()
        for options in (["-s", "20", "-m", "200"], ["-s", "5", "-m", "50", "-r", "4", "-N"],
                        ["-d", "-s", "3", "-m", "60", "-l", "300000"]):
            subprocess.run(["smtp-source", "-L", "-f", SENDER, "-t", ADDRESS, *options,
                            f"unix:{self.server.socket}"], check=True, capture_output=True)
        delivered = self.server.events("delivered")
        self.assertEqual(len(delivered), 200 + 4 * 50 + 60)
        self.assertEqual(self.server.events("not_delivered") + self.server.events("refused"), [])
        for octets in self.stored("cv25519"):
            self.assertTrue(verify.is_sealed(octets))

    # ---- limits

    @unittest.skipIf(resource.getrlimit(resource.RLIMIT_NOFILE)[1] < 4096, "needs 4,096 descriptors")
    def test_recipients_up_to_the_limit_get_their_copies(self):
        self.start("--domains", "sealed.test")
        client = self.client()
        names = [f"u{number}@else.test" for number in range(MAX_RECIPIENTS - 1)]
        replies = client.envelope(SENDER, [ADDRESS, *names, "more@else.test"])
        self.assertTrue(all(reply.startswith("250") for reply in replies[:-1]))
        self.assertTrue(replies[-1].startswith("452 4.5.3"))
        answers = client.data(LETTER, MAX_RECIPIENTS)
        self.assertEqual({answer[:9] for answer in answers}, {"250 2.0.0"})
        self.assertEqual(len(list(self.maildirs.glob("u*/new/*"))), MAX_RECIPIENTS - 1)
        self.assertEqual(self.opened("cv25519"), [LETTER])

    def test_with_few_descriptors_recipients_come_later_and_none_fails(self):
        self.start("--domains", "sealed.test", "--connections", "20",
                   wrapper=["prlimit", "--nofile=404", "--"])
        client = self.client()
        names = [f"u{number}@else.test" for number in range(110)]
        replies = client.envelope(SENDER, names)
        taken = [reply[:9] for reply in replies[1:]].index("452 4.3.2")  # behind that to MAIL
        self.assertEqual(taken, (404 - 20 * 2 - 64) // 3)
        self.assertTrue(all(reply.startswith("250") for reply in replies[:taken + 1]))
        answers = client.data(LETTER, taken)
        self.assertEqual({answer[:9] for answer in answers}, {"250 2.0.0"})
        self.assertEqual(len(list(self.maildirs.glob("u*/new/*"))), taken)

    def test_a_message_above_the_size_limit_is_refused_for_each_recipient(self):
        self.start("--size-limit", len(LETTER))
        client = self.client()
        self.assertIn(f"250-SIZE {len(LETTER)}", client.features)
        self.assertTrue(client.send(SENDER, [ADDRESS], LETTER)[0].startswith("250"))
        replies = client.send(SENDER, [ADDRESS, "nokey@sealed.test"], b"x" + LETTER)
        self.assertEqual([reply[:9] for reply in replies], ["552 5.3.4"] * 2)
        self.assertEqual(len(self.stored("cv25519")), 1)
        self.assertEqual(self.stored("nokey"), [])
        wait_until(lambda: not self.left_in_tmp(), "tmp is empty")

    def test_connections_above_the_limit_are_told_to_come_again(self):
        self.start("--connections", "2")
        first, second = self.client(), self.client()
        third = self.client(greet=False)
        self.assertTrue(third.reply().startswith("421 4.3.2"))
        self.assertTrue(third.closed())
        second.close()
        wait_until(self.try_to_connect, "a place is free again")
        self.assertTrue(first.send(SENDER, [ADDRESS], LETTER)[0].startswith("250"))

    def try_to_connect(self):
        with Client(self.server.socket, greet=False) as client:
            return client.reply().startswith("220")

    def test_slow_peers_time_out_wherever_they_stop(self):
        self.start("--idle-time", "1")
        talk = (f"LHLO c\r\nMAIL FROM:<{SENDER}>\r\nRCPT TO:<{ADDRESS}>\r\nDATA\r\n".encode()
                + stuffed(LETTER))
        ends = [0, 3, 8, 20, 40, talk.index(b"DATA") + 6, talk.index(SECRET) + 5, len(talk) - 2]
        clients = []
        for end in ends:
            client = self.client(greet=False)
            client.raw(talk[:end])
            clients.append(client)
        started = time.monotonic()
        for client in clients:
            client.file.read()
        self.assertLess(time.monotonic() - started, 5)
        self.assertEqual(self.stored("cv25519"), [])
        wait_until(lambda: not self.left_in_tmp(), "tmp is empty")

    def test_a_command_that_trickles_in_does_not_extend_its_time(self):
        self.start("--idle-time", "1")
        client = self.client()
        started = time.monotonic()
        with self.assertRaises((OSError, Lost)):
            while time.monotonic() - started < 10:
                client.raw(b"N")
                client.socket.settimeout(0.2)
                try:
                    if client.socket.recv(1) == b"":
                        raise Lost
                except TimeoutError:
                    pass
        self.assertLess(time.monotonic() - started, 5)

    def test_a_peer_that_never_reads_replies_makes_nothing_grow(self):
        self.start("--idle-time", "2")
        before = self.memory()
        client = self.client()
        client.socket.settimeout(20)
        sent = 0
        with self.assertRaises(OSError):
            while True:
                client.raw(b"VRFY x\r\n" * 10000)
                sent += 80000
                self.assertLess(sent, 400_000_000)
        self.assertLess(self.memory() - before, 4 * MIB)

    def memory(self):
        """Peak resident memory in KiB."""
        status = pathlib.Path(f"/proc/{self.server.pid}/status").read_text()
        return int(status.split("VmHWM:")[1].split()[0])

    def test_200_connections_at_once_stay_within_64_mb(self):
        self.start("--connections", "200")
        clients = [self.client() for _ in range(200)]
        letter = LETTER + b"".join(b"line %09d of one megabyte\r\n" % i for i in range(37000))
        half = len(letter) // 2
        for number, client in enumerate(clients):
            client.envelope(SENDER, [gpg.address_of(KINDS[number % len(KINDS)])])
            client.say("DATA")
            client.raw(letter[:half])
        for client in clients:  # all of them in the middle of a message now
            client.raw(letter[half:] + b".\r\n")
        for client in clients:
            self.assertTrue(client.reply().startswith("250"))
        self.assertLess(self.memory(), 64 * MIB)
        print(f"200 connections, 1 MB each: {self.memory() // MIB} MB at most")
        self.assertEqual(sum(len(self.stored(kind)) for kind in KINDS), 200)

    # ---- keyd

    def test_a_mute_keyd_means_later_within_ten_seconds_and_holds_up_nobody_else(self):
        path = self.directory / "mute.sock"
        with BadKeyd(path, None):
            self.start("--domains", "sealed.test", keyd=path)
            stuck = []

            def ask():
                with Client(self.server.socket) as client:
                    started = time.monotonic()
                    replies = client.envelope(SENDER, [ADDRESS, "b@sealed.test", "c@sealed.test"])
                    stuck.append((time.monotonic() - started, replies[1:]))

            threads = [threading.Thread(target=ask) for _ in range(50)]
            for thread in threads:
                thread.start()
            client = self.client()
            started = time.monotonic()
            self.assertTrue(client.send(SENDER, ["x@else.test"], LETTER)[0].startswith("250"))
            self.assertLess(time.monotonic() - started, 4)
            for thread in threads:
                thread.join()
            for seconds, replies in stuck:
                self.assertLess(seconds, 10)
                self.assertEqual([reply[:9] for reply in replies], ["451 4.3.0"] * 3)
        self.assertNotIn(SECRET, everything_below(self.maildirs / "x" / "tmp"))

    def test_a_store_that_is_not_the_named_one_means_later_from_the_start(self):
        self.start("--store-id", "f" * 32)
        reply = self.client().envelope(SENDER, ["nokey@sealed.test"])[1]
        self.assertTrue(reply.startswith("451 4.3.0"), reply)
        self.start("--store-id", fake_keyd.STORE_ID)
        self.assertTrue(self.client().send(SENDER, [ADDRESS], LETTER)[0].startswith("250"))

    def test_another_store_means_later(self):
        self.start()
        client = self.client()
        client.send(SENDER, [ADDRESS], LETTER)
        self.keyd.store_id = "f" * 32
        try:
            self.assertTrue(client.envelope(SENDER, [ADDRESS])[1].startswith("451 4.3.0"))
        finally:
            self.keyd.store_id = fake_keyd.STORE_ID

    # ---- start and stop

    def test_sigterm_lets_a_message_come_to_its_end(self):
        self.start()
        idle = self.client()
        sending = self.client()
        chunking = self.client()
        sending.envelope(SENDER, [ADDRESS])
        sending.say("DATA")
        sending.raw(LETTER[:30])
        chunking.envelope(SENDER, ["rsa2048@sealed.test"])
        chunking.raw(b"BDAT 10\r\n" + LETTER[:10])
        chunking.reply()
        os.kill(self.server.pid, signal.SIGTERM)
        self.assertTrue(idle.reply().startswith("421 4.3.2"))
        self.assertTrue(idle.closed())
        sending.raw(LETTER[30:] + b".\r\n")
        self.assertTrue(sending.reply().startswith("250 2.0.0 Stored"))
        self.assertTrue(sending.reply().startswith("421"))
        chunking.raw(b"BDAT %d LAST\r\n" % (len(LETTER) - 10) + LETTER[10:])
        self.assertTrue(chunking.reply().startswith("250 2.0.0 Stored"))
        self.assertEqual(self.server.process.wait(20), 0)
        self.assertEqual(self.opened("cv25519") + self.opened("rsa2048"), [LETTER.replace(
            b"\r\n.a", b"\r\na"), LETTER])

    def test_killed_in_the_middle_nothing_is_visible(self):
        self.start()
        client = self.client()
        client.envelope(SENDER, [ADDRESS])
        client.say("DATA")
        client.raw(LETTER + b"x" * 200000)
        wait_until(self.left_in_tmp, "the message is under way")
        os.kill(self.server.pid, signal.SIGKILL)
        self.server.process.wait()
        self.assertEqual(self.stored("cv25519"), [])
        self.assertNotIn(SECRET, everything_below(self.maildirs))

    def test_it_serves_inherited_sockets(self):
        with socket.socket(socket.AF_UNIX) as listener:
            path = self.directory / "inherited.sock"
            listener.bind(str(path))
            listener.listen()
            maildirs = self.directory / "inherited"
            maildirs.mkdir()
            script = ('eval "exec 3<&$1"; shift; export LISTEN_PID=$$ LISTEN_FDS=1; exec "$@"')
            server = Server(["sh", "-c", script, "sh", listener.fileno(),
                             harness.BUILD / "maildircrypt-lmtp", "--next",
                             f"maildir:{maildirs}/%u", "--keyd", self.keyd.path,
                             "--spill-directory", self.directory], self.directory / "inherited.log",
                            notify=True, pass_fds=[listener.fileno()])
            with server, Client(path) as client:
                self.assertTrue(client.send(SENDER, [ADDRESS], LETTER)[0].startswith("250"))

    def test_it_serves_tcp(self):
        port = free_port()
        maildirs = self.directory / "tcp"
        maildirs.mkdir()
        server = Server([harness.BUILD / "maildircrypt-lmtp", "--listen", f"inet:127.0.0.1:{port}",
                         "--next", f"maildir:{maildirs}/%u", "--keyd", self.keyd.path,
                         "--spill-directory", self.directory], self.directory / "tcp.log",
                        notify=True)
        with server, Client(port) as client:
            self.assertTrue(client.send(SENDER, [ADDRESS], LETTER)[0].startswith("250"))

    def test_bad_options_are_named(self):
        place = ["--listen", "unix:/tmp/mdc-none/socket"]
        for options, expected in (
                ([], "option 'next' is missing"), (["--next", "smtp:x"], "option 'next': neither"),
                (["--next", "maildir:relative"], "option 'next'"),
                (["--next", "lmtp:unix:relative"], "not an absolute path"),
                (["--next", "lmtp:inet:host:25"], "port 25"),
                (["--next", "maildir:/tmp/%x"], "%u, %d, %a"),
                (["--next", "maildir:/tmp/%u", "--connections", "0"], "option 'connections'"),
                (["--next", "maildir:/tmp/%u", "--idle-time", "x"], "option 'idle-time'"),
                (["--next", "maildir:/tmp/%u", "--socket-mode", "8"], "option 'socket-mode'"),
                (["--next", "maildir:/tmp/%u", "--spill-directory", "/nonexistent"],
                 "option 'spill-directory'"),
                (["--next", "maildir:/tmp/%u", "--log", "x"], "option 'log'")):
            run = subprocess.run([harness.BUILD / "maildircrypt-lmtp", *place, *options],
                                 capture_output=True, text=True, check=False)
            self.assertEqual(run.returncode, 1, options)
            self.assertIn(expected, run.stderr)

    # ---- disks

    def test_a_file_size_limit_in_the_middle_means_later(self):
        limit = 200_000
        self.start("--spill-memory", "0", wrapper=["prlimit", f"--fsize={limit}", "--"])
        client = self.client()
        big = LETTER + b"x" * 70 * 10000
        replies = client.send(SENDER, [ADDRESS, "nokey@sealed.test"], big)
        self.assertEqual([reply[:9] for reply in replies], ["451 4.3.0"] * 2)
        self.assertEqual(self.stored("cv25519") + self.stored("nokey"), [])
        self.assertEqual(self.left_in_tmp(), [])
        self.assertTrue(client.send(SENDER, [ADDRESS], LETTER)[0].startswith("250"))


if __name__ == "__main__":
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    harness.main()
