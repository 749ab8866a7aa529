#!/usr/bin/python3
"""maildircrypt-milter, spoken to by a scripted MTA: negotiation, every state, abuse, many at once."""

import concurrent.futures
import os
import pathlib
import random
import select
import signal
import socket
import stat
import struct
import subprocess
import sys
import threading
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lib"))
import fake_keyd
import gpg
import harness
import milter_client
import testkeys
import undo
from fake_keyd import FakeKeyd
from milter_client import Closed, MilterClient, apply_edits, edited, negotiation, new_body
from processes import Server, wait_until

ALICE, BOB, CAROL = (gpg.address_of(kind) for kind in ("cv25519", "rsa2048", "nistp256"))
NOBODY = f"nokey@{gpg.DOMAIN}"
SECRET = b"the secret plaintext of this message"
FIELDS = [("From", " ada@out.test"), ("To", f" {ALICE}"), ("Subject", " a hidden\n subject"),
          ("X-Inside", "no leading space")]
BODY = SECRET + b"\r\n" + bytes(range(256)) * 20 + b"\r\n"
HANDED = (b"From: ada@out.test\r\nTo: " + ALICE.encode()
          + b"\r\nSubject: a hidden\r\n subject\r\nX-Inside:no leading space\r\n\r\n")
LATER = "451 4.3.0 Encryption is not available at the moment, try again later"
BUSY = "451 4.3.2 Too many messages at once, try again later"
COME_BACK = "452 4.5.3 Send to this recipient in a separate transaction"
TOO_LARGE = "552 5.3.4 Message would be larger than allowed once it is encrypted"


class MilterTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.directory = harness.temporary_directory()
        cls.users = testkeys.users(cls.directory)
        cls.addClassCleanup(cls.users.stop_agent)
        cls.number = 0

    def start(self, *options):
        """A fresh keyd that answers as told, and a fresh milter."""
        type(self).number += 1
        here = self.directory / str(self.number)
        here.mkdir()
        certificates = {kind: testkeys.certificate(kind).read_bytes()
                        for kind in ("cv25519", "rsa2048", "nistp256")}
        self.keyd = FakeKeyd(here / "keyd.sock", {gpg.address_of(kind): ("sealable", armour)
                                                  for kind, armour in certificates.items()})
        self.addCleanup(self.keyd.stop)
        self.path = here / "milter.sock"
        self.command = [harness.BUILD / "maildircrypt-milter", "--socket", f"unix:{self.path}",
                        "--keyd", here / "keyd.sock", "--spill-directory", here,
                        "--domains", gpg.DOMAIN, *options]
        self.milter = self.serve(self.command, here / "log")
        return self.milter

    def serve(self, command, log):
        """Killed at the end of the test: asked to stop, libmilter takes five seconds."""
        server = Server(command, log, notify=True)

        def kill():
            server.process.kill()
            server.process.wait()
        self.addCleanup(kill)
        return server

    def client(self, address="203.0.113.9", port=40000):
        """A connection that is ready for mail."""
        client = MilterClient(self.path)
        self.addCleanup(client.close)
        client.negotiate()
        client.connect(address, port)
        return client

    def assert_seals(self, client, recipients=(ALICE,), fields=FIELDS, body=BODY, handed=HANDED):
        edits, answer = client.message(recipients, fields, body)
        self.assertEqual(answer, "continue")
        return self.opened(edits, fields, handed + body)

    def opened(self, edits, fields, expected):
        """Checks the sealed message whole; returns its parts and the key ids it is sealed to."""
        message = edited(fields, b"", edits)
        sealed = undo.take_apart(message)
        self.assertNotIn(SECRET, message)
        payload, key_ids = self.users.decrypt(sealed.armour)
        self.assertEqual(undo.undo(payload), expected)
        return sealed, key_ids


class Negotiation(MilterTest):
    def test_what_is_needed_is_asked_for_and_no_more(self):
        self.start()
        with MilterClient(self.path) as client:
            actions, protocol = client.negotiate()
        self.assertEqual(actions, milter_client.ADD_HEADERS | milter_client.CHANGE_BODY
                         | milter_client.CHANGE_HEADERS | milter_client.SET_MACROS)
        wanted = milter_client.LEADING_SPACE | milter_client.NO_HELO | milter_client.NO_UNKNOWN
        for command in (b"C", b"M", b"L", b"N", b"B"):
            wanted |= milter_client.NO_REPLY[command]
        self.assertEqual(protocol, wanted)
        self.assertIn("{rcpt_addr}", client.macros[3])
        self.assertIn("{auth_authen}", client.macros[2])

    def test_an_mta_that_cannot_change_the_message_is_refused(self):
        self.start()
        for lacking in (milter_client.ADD_HEADERS, milter_client.CHANGE_BODY,
                        milter_client.CHANGE_HEADERS):
            with MilterClient(self.path) as client, self.assertRaises((Closed, AssertionError)):
                client.negotiate(actions=milter_client.ALL_ACTIONS & ~lacking)
        with MilterClient(self.path) as client, self.assertRaises((Closed, AssertionError)):
            client.negotiate(protocol=milter_client.ALL_PROTOCOL & ~milter_client.LEADING_SPACE)
        self.assertIn("mta-refused", self.milter.output())
        self.assert_seals(self.client())

    def test_an_mta_that_wants_every_reply_and_knows_no_macro_lists_is_served(self):
        self.start()
        with MilterClient(self.path) as client:
            client.negotiate(milter_client.ALL_ACTIONS & ~milter_client.SET_MACROS,
                             milter_client.LEADING_SPACE | 0x7F)
            self.assertEqual(client.connect(), "continue")
            self.assertEqual(client.mail(), "continue")
            self.assertEqual(client.recipient(ALICE), "continue")
            self.assertEqual(client.data(), "continue")
            for name, value in FIELDS:
                self.assertEqual(client.field(name, value), "continue")
            self.assertEqual(client.end_of_header(), "continue")
            self.assertEqual(client.body(BODY), "continue")
            edits, answer = client.end_of_message()
            self.assertEqual(answer, "continue")
            self.opened(edits, FIELDS, HANDED + BODY)


class Messages(MilterTest):
    def test_a_message_is_sealed_and_gives_back_what_was_handed_in(self):
        self.start()
        _, key_ids = self.assert_seals(self.client())
        self.assertEqual(key_ids, [self.users.encryption_key_id(ALICE)])

    def test_edits_come_in_an_order_that_postfix_can_follow(self):
        self.start()
        edits, _ = self.client().message([ALICE], FIELDS + [("X", " y")] * 5, b"x" * 300000)
        kinds = "".join(command.decode() for command, _ in edits)
        self.assertRegex(kinds, "^b+[mih]+$")
        self.assertLessEqual(max(len(data) for command, data in edits if command == b"b"), 65535)

    def test_many_messages_of_a_connection_are_each_their_own(self):
        self.start()
        client = self.client()
        for number in range(20):
            body = b"message %d\r\n" % number * (number * 50)
            self.assert_seals(client, body=body)
            self.assertEqual(client.message([NOBODY], FIELDS, BODY)[1], "continue")
            self.assertEqual(client.message(["x@elsewhere.test"], FIELDS, BODY), ([], "accept"))

    def test_a_line_that_the_mta_keeps_for_another_connection_starts_afresh(self):
        self.start()
        client = self.client("127.0.0.1")
        client.mail()
        client.recipient(BOB)
        client.abort()
        client.send(b"K")
        client.connect("203.0.113.9")
        _, key_ids = self.assert_seals(client)
        self.assertEqual(key_ids, [self.users.encryption_key_id(ALICE)])
        client.mail()
        self.assertEqual([client.recipient(address) for address in (ALICE, NOBODY)],
                         ["continue", COME_BACK])

    def test_an_mta_that_tells_of_no_connection_is_served(self):
        self.start()
        with MilterClient(self.path) as client:
            client.negotiate()
            self.assert_seals(client)

    def test_awkward_messages_are_sealed(self):
        self.start("--size-limit", "0")
        client = self.client()
        for fields, body in (([], b""), (FIELDS, b""), ([], b"x"), (FIELDS, b"no line end"),
                             ([("X", "")], b"\r\n"), ([("X", "\n \n y")], b"\0" * 70000),
                             ([("X-Big", " " + "v" * 60000)] * 17, b"a\rb\nc\n\r\r\n"),
                             ([("Subject", " one"), ("SUBJECT", " two")], b"a" * 100000),
                             (FIELDS, os.urandom(3_000_000))):
            handed = b"".join(name.encode() + b":" + value.encode().replace(b"\n", b"\r\n") + b"\r\n"
                              for name, value in fields) + b"\r\n"
            self.assert_seals(client, fields=fields, body=body, handed=handed)

    def test_the_canonical_address_of_the_mta_is_looked_up(self):
        self.start()
        client = self.client()
        client.mail()
        self.assertEqual(client.recipient("@relay.test:x@elsewhere.test", canonical=ALICE), "continue")
        self.assertEqual(client.recipient(ALICE, canonical="x@elsewhere.test"), COME_BACK)

    def test_a_message_that_its_sender_had_sealed_is_marked_and_not_sealed_again(self):
        self.start()
        client = self.client()
        edits, _ = client.message([ALICE], FIELDS, BODY)
        fields = [(name.decode(), value.decode()) for name, value in apply_edits(FIELDS, edits)]
        body = new_body(edits)
        again, answer = client.message([ALICE], fields, body)
        self.assertEqual(answer, "continue")
        self.assertIsNone(new_body(again))
        marks = [value for name, value in apply_edits(fields, again)
                 if name.lower() == b"maildircrypt-provenance"]
        self.assertEqual(len(marks), 1)
        self.assertTrue(marks[0].startswith(b" end-to-end; host="))
        other, _ = client.message([BOB], fields, body)
        self.assertIsNotNone(new_body(other))

    def test_the_size_limit_is_for_what_a_message_becomes(self):
        self.start("--size-limit", "100000")
        client = self.client()
        client.mail("ada@out.test", "SIZE=90000")
        self.assertEqual(client.recipient(ALICE), TOO_LARGE)
        self.assertEqual(client.recipient(NOBODY), "continue")
        client.abort()
        edits, answer = client.message([ALICE], FIELDS, b"x" * 90000)
        self.assertEqual((edits, answer), ([], TOO_LARGE))
        self.assertEqual(client.message([NOBODY], FIELDS, b"x" * 90000)[1], "continue")
        self.assert_seals(client)


class Recipients(MilterTest):
    def test_named_recipients_share_a_message_and_each_key_opens_it(self):
        self.start()
        fields = FIELDS + [("Cc", f' "Bob" <{BOB}>,\n {CAROL} (Carol)')]
        handed = HANDED[:-2] + f'Cc: "Bob" <{BOB}>,\r\n {CAROL} (Carol)\r\n\r\n'.encode()
        sealed, key_ids = self.assert_seals(self.client(), [ALICE, BOB, CAROL], fields, handed=handed)
        undo.check_packets(sealed.armour, 3)
        self.assertEqual(sorted(key_ids), sorted(map(self.users.encryption_key_id,
                                                     (ALICE, BOB, CAROL))))

    def test_a_blind_copy_shows_no_key_to_anybody(self):
        self.start()
        sealed, key_ids = self.assert_seals(self.client(), [ALICE, BOB])
        self.assertEqual(key_ids, ["0" * 16] * 2)
        self.assertNotIn(b"keys=", sealed.field("Maildircrypt-Provenance")[0])

    def test_a_blind_copy_is_left_to_the_guard(self):
        self.start("--guard", "yes")
        client = self.client()
        self.assertEqual(client.message([ALICE, BOB], FIELDS, BODY), ([], "accept"))
        self.assert_seals(client, [BOB])

    def test_mixed_recipients_come_back_or_are_refused_whole(self):
        self.start()
        client = self.client()
        client.mail()
        self.assertEqual([client.recipient(address) for address in
                          (ALICE, NOBODY, BOB, "x@elsewhere.test")],
                         ["continue", COME_BACK, "continue", COME_BACK])
        client.abort()
        client.mail()
        self.assertEqual([client.recipient(address) for address in
                          (NOBODY, ALICE, "x@elsewhere.test")],
                         ["continue", COME_BACK, "continue"])
        for own in (self.client("127.0.0.1"), self.client("127.0.0.1", 0), self.client(None),
                    self.client("::1")):
            edits, answer = own.message([NOBODY, ALICE], FIELDS, BODY)
            self.assertEqual(edits, [])
            self.assertTrue(answer.startswith("550 5.5.3 "), answer)

    def test_a_login_makes_a_client_one_that_would_not_come_back(self):
        self.start()
        client = self.client()
        client.mail(macros={"{auth_authen}": "ada"})
        self.assertEqual(client.recipient(ALICE), "continue")
        self.assertEqual(client.recipient(NOBODY), "continue")
        self.assertTrue(client.data().startswith("550 5.5.3 "))

    def test_with_a_guard_mixed_recipients_pass_to_it(self):
        self.start("--guard", "yes")
        self.assertEqual(self.client().message([NOBODY, ALICE], FIELDS, BODY), ([], "accept"))

    def test_a_silent_keyd_is_answered_within_ten_seconds(self):
        self.start()
        self.keyd.raw = b""
        client = self.client()
        client.mail()
        started = time.monotonic()
        self.assertEqual(client.recipient(ALICE), LATER)
        self.assertLess(time.monotonic() - started, 10)
        self.assertEqual(client.recipient("x@elsewhere.test"), "continue")

    def test_a_store_that_is_not_the_named_one_means_later_from_the_start(self):
        self.start("--store-id", "f" * 32)
        client = self.client()
        client.mail()
        self.assertEqual([client.recipient(NOBODY), client.recipient(ALICE)], [LATER, LATER])
        self.start("--store-id", fake_keyd.STORE_ID)
        self.assert_seals(self.client())


class States(MilterTest):
    def test_an_abort_in_any_state_leaves_the_next_message_alone(self):
        self.start("--max-messages", "1")
        client = self.client()
        steps = [lambda: None, client.mail, lambda: client.recipient(BOB), client.data,
                 lambda: client.field("Subject", " given up"), client.end_of_header,
                 lambda: client.body(b"given up"), lambda: client.body(b"more of it")]
        for count in range(1, len(steps) + 1):
            for step in steps[:count]:
                step()
            client.abort()
            _, key_ids = self.assert_seals(client)
            self.assertEqual(key_ids, [self.users.encryption_key_id(ALICE)])

    def test_a_connection_that_is_cut_in_any_state_frees_what_it_held(self):
        self.start("--max-messages", "1")
        for count in range(1, 8):
            client = self.client()
            steps = [client.mail, lambda: client.recipient(ALICE), client.data,
                     lambda: client.field("Subject", " given up"), client.end_of_header,
                     lambda: client.body(b"x" * 60000), lambda: client.body(b"x" * 60000)]
            for step in steps[:count]:
                step()
            client.socket.close()
        self.await_sealing()

    def await_sealing(self):
        """A closed connection is noticed at the milter's leisure."""
        def seals():
            with MilterClient(self.path) as client:
                client.negotiate()
                client.connect()
                return client.message([ALICE], FIELDS, BODY)[1] == "continue"
        wait_until(seals, "the milter has a place for a message")

    def test_commands_out_of_order_never_let_a_message_pass(self):
        self.start()
        seed = random.randrange(1 << 32)
        shuffle = random.Random(seed)
        ends = {"sealed": 0, "refused": 0}
        for walk in range(300):
            with self.subTest(seed=seed, walk=walk), MilterClient(self.path) as client:
                client.negotiate()
                client.connect()
                self.walk(client, shuffle, ends)
        self.assertGreater(min(ends.values()), 5, ends)

    # which command libmilter takes after which (more than it should after an abort); anything else
    # ends the message without an answer, unless it may begin a new one
    FOLLOWERS = {"start": "M", "A": "MRTBA", "M": "RA", "R": "RTLNBEA", "T": "LNA", "L": "LNA", "N": "BEA",
                 "B": "BEA"}

    def walk(self, client, shuffle, ends):
        """Random commands, most of them sensible; content that gets through must have been sealed."""
        state = "start"
        for _ in range(25):
            sensible = shuffle.random() < 0.8
            command = shuffle.choice(self.FOLLOWERS[state] if sensible else "MRTLNBEA")
            if command not in self.FOLLOWERS[state]:
                state = "start"
                if command not in self.FOLLOWERS[state]:
                    if command != "A":
                        client.send(command.encode(), b"x\0y\0")
                    continue
            answer, edits = self.say(client, command)
            self.assertNotEqual(answer, "accept")
            if command == "E":
                ends["sealed" if answer == "continue" else "refused"] += 1
                self.assertEqual(answer == "continue", new_body(edits) is not None)
            ended = command == "E" or (answer != "continue" and command != "R")
            state = "start" if ended else command

    @staticmethod
    def say(client, command):
        edits = []
        if command == "E":
            edits, answer = client.end_of_message()
        else:
            answer = {"M": client.mail, "R": lambda: client.recipient(ALICE), "T": client.data,
                      "L": lambda: client.field("X", " y"), "N": client.end_of_header,
                      "B": lambda: client.body(SECRET), "A": client.abort}[command]()
        return answer or "continue", edits

    def test_garbage_and_half_packets_harm_nobody(self):
        self.start()
        beside = self.client()
        beside.mail()
        frame = struct.pack(">I", 13) + b"O" + negotiation()
        for octets in (b"", b"\0", b"\0\0\0", b"\0\0\0\0", b"\xff" * 5, b"\0\0\0\x01Z",
                       b"GET / HTTP/1.0\r\n\r\n", os.urandom(100000), frame[:9], frame + frame,
                       frame + b"\0\0\0\x05Rab\0", frame + b"\0\x10\0\0L", frame + b"\0\0\0\x02Lx",
                       frame + b"\0\0\0\x01L", frame + b"\0\0\0\x03DR\0", frame + b"\0\0\0\x01C",
                       struct.pack(">I", 1 << 30) + b"O" + b"x" * 1000):
            with MilterClient(self.path) as client:
                try:
                    client.send_raw(octets)
                    client.socket.shutdown(socket.SHUT_WR)
                    while client.socket.recv(65536):
                        pass
                except (Closed, OSError):
                    pass
        self.assertEqual(beside.recipient(ALICE), "continue")
        beside.abort()
        self.assert_seals(beside)
        self.assertIsNone(self.milter.process.poll())

    def test_a_packet_that_stops_half_way_keeps_nobody_else_waiting(self):
        self.start()
        slow = MilterClient(self.path)
        self.addCleanup(slow.close)
        slow.negotiate()
        slow.send_raw(b"\0\0\0\x40Rhalf of it")
        self.assert_seals(self.client())


class Limits(MilterTest):
    def test_200_connections_at_once_are_all_served(self):
        self.start()

        def one(number):
            with MilterClient(self.path) as client:
                client.negotiate()
                client.connect()
                barrier.wait(60)
                edits, answer = client.message([ALICE], FIELDS, b"%d\r\n" % number * 1000)
                return answer, len(new_body(edits) or b"")

        barrier = threading.Barrier(200)
        with concurrent.futures.ThreadPoolExecutor(200) as pool:
            results = list(pool.map(one, range(200)))
        self.assertEqual({answer for answer, _ in results}, {"continue"})
        self.assertTrue(all(size > 4000 for _, size in results))

    def test_connections_that_hardly_pause_keep_no_other_waiting(self):
        """libmilter wakes too few threads for a burst; those that are awake must come back for the rest."""
        self.start()
        for _ in range(30):
            clients = [MilterClient(self.path) for _ in range(8)]
            waiting = {client.socket: client for client in clients}
            for client in clients:
                client.send(b"O", negotiation())
            end = time.monotonic() + 10
            while waiting:
                self.assertLess(time.monotonic(), end, f"{len(waiting)} of 8 were not served")
                # Longer than libmilter waits for a command, shorter than we do.
                for ready in select.select(waiting, [], [], 0.002)[0]:
                    waiting.pop(ready).receive()
                for client in clients:
                    if client.socket not in waiting:
                        client.send_macros(b"C", {"j": "mx.test"})
            for client in clients:
                client.close()

    def test_no_more_messages_are_taken_than_configured(self):
        self.start("--max-messages", "2")
        busy = [self.client() for _ in range(2)]
        for client in busy:
            client.mail()
            client.recipient(ALICE)
            client.data()
            client.field("From", " ada@out.test")
            client.end_of_header()
            client.body(b"not yet all\r\n")
        third = self.client()

        def refused():  # the two do not wait for replies, so their fields may still be on the way
            return third.message([ALICE], FIELDS, BODY) == ([], BUSY)
        wait_until(refused, "the cap is reached")
        self.assertEqual(third.message(["x@elsewhere.test"], FIELDS, BODY)[1], "accept")
        self.assertEqual(busy[0].end_of_message()[1], "continue")
        self.assert_seals(third)
        busy[1].end_of_message()

    def test_connections_that_send_no_content_take_no_place(self):
        self.start("--max-messages", "1")
        idle = [self.client() for _ in range(50)]
        for client in idle:
            client.mail()
            client.recipient(ALICE)
            client.data()
        self.assert_seals(self.client())

    def test_sealed_octets_are_capped_over_all_messages(self):
        self.start("--max-octets", "200000", "--size-limit", "0")
        client = self.client()
        self.assertEqual(client.message([ALICE], FIELDS, b"x" * 300000), ([], BUSY))
        self.assert_seals(client)

    def test_beyond_the_memory_budget_sealed_octets_go_to_unlinked_files(self):
        self.start("--spill-memory", "65536", "--size-limit", "0")
        client = self.client()
        self.assert_seals(client, body=b"spilled " * 200000)
        self.assertEqual({path.name for path in self.path.parent.iterdir()},
                         {"keyd.sock", "milter.sock", "log", "log.notify"})

    def test_a_header_of_too_many_fields_is_refused(self):
        self.start()
        client = self.client()
        edits, answer = client.message([ALICE], [("X", " y")] * 10001, BODY)
        self.assertEqual((edits, answer), ([], "552 5.3.4 Message header is too large"))


class Process(MilterTest):
    def test_a_stale_socket_is_replaced_and_a_live_one_is_not(self):
        self.start()
        second = subprocess.run(self.command, capture_output=True, check=False, timeout=20)
        self.assertEqual(second.returncode, 1)
        self.assertIn(b"in use by a running process", second.stderr)
        self.milter.process.kill()
        self.milter.process.wait()
        self.assertTrue(self.path.exists())
        self.serve(self.command, self.path.parent / "third.log")
        self.assert_seals(self.client())

    def test_what_is_no_socket_is_left_alone(self):
        self.start()
        path = self.path.parent / "precious"
        path.write_text("text")
        command = [f"unix:{path}" if word == f"unix:{self.path}" else word for word in self.command]
        run = subprocess.run(command, capture_output=True, check=False, timeout=20)
        self.assertEqual(run.returncode, 1)
        self.assertIn(b"not a socket", run.stderr)
        self.assertEqual(path.read_text(), "text")

    def test_the_socket_has_the_configured_mode(self):
        self.start()
        self.assertEqual(stat.S_IMODE(self.path.stat().st_mode), 0o660)
        self.start("--socket-mode", "600")
        self.assertEqual(stat.S_IMODE(self.path.stat().st_mode), 0o600)

    def test_sigterm_ends_it_cleanly_idle_or_not(self):
        for connections in (0, 3):
            self.start()
            held = [self.client() for _ in range(connections)]
            for client in held:
                client.mail()
                client.recipient(ALICE)
            self.milter.process.send_signal(signal.SIGTERM)
            self.assertEqual(self.milter.process.wait(20), 0, self.milter.output())
            self.assertIn("stopped", self.milter.output())
            self.assertFalse(self.path.exists())

    def test_a_bad_start_says_why(self):
        self.start()
        for options, why in ((["--guard", "maybe"], b"guard"), (["--spill-directory", "/nowhere"],
                                                                b"spill-directory"),
                             (["--unknown"], b"unknown"), (["--own-networks", "x"], b"own-networks")):
            run = subprocess.run([*self.command[:-2], *options], capture_output=True, check=False,
                                 timeout=20)
            self.assertEqual(run.returncode, 1, options)
            self.assertIn(why, run.stderr)

    def test_log_lines_of_a_message_start_with_its_queue_id_and_hold_no_content(self):
        self.start()
        client = self.client()
        self.assert_seals(client)
        client.message([NOBODY], FIELDS, BODY)
        self.keyd.raw = b"garbage"
        client.message([ALICE], FIELDS, BODY)
        wait_until(lambda: "recipient-refused" in self.milter.output(), "the refusal is logged")
        log = self.milter.output()
        self.assertIn("4abcDEF: sealed recipients=1", log)
        self.assertIn("4abcDEF: clear reason=no-key", log)
        self.assertIn("NOQUEUE: recipient-refused", log)
        self.assertNotIn("hidden", log)
        self.assertNotIn(SECRET.decode(), log)

    def test_the_configuration_file_has_the_same_options(self):
        self.start()
        config = self.path.parent / "milter.conf"
        config.write_text(f"# a comment\nsocket = unix:{self.path.parent}/other.sock\n"
                          f"keyd = {self.keyd.path}\nspill-directory = {self.path.parent}\n"
                          "no-key = reject\n")
        self.serve([self.command[0], "--config", config], self.path.parent / "other.log")
        self.path = self.path.parent / "other.sock"
        client = self.client()
        client.mail()
        self.assertTrue(client.recipient(NOBODY).startswith("550 5.7.1 "))


if __name__ == "__main__":
    harness.main()
