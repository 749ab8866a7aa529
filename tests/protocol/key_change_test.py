#!/usr/bin/python3
# needs: root
"""The moment of a key change: milter and LMTP server, which remember answers, with the real keyd and keyd-cli.

What keyd-cli says is done holds for every message that begins afterwards (keyd/API, LEASES)."""

import collections
import concurrent.futures
import pathlib
import sys
import threading
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lib"))
import gpg
import harness
import lmtp_guard
import testkeys
from fake_lmtp import FakeNextHop
from front_ends import CLEAR, LATER, LmtpSender, MilterSender
from processes import wait_until
from stand import Stand

OLD, NEW = "cv25519", "nistp256"
RESCUE = "stranger"  # whose key is a recovery key
LEASE = 1.0  # seconds
BURST = 100
CONNECTIONS = 2  # to each front end


class Traffic:
    """Mail for one address at all times, over all connections."""

    Sent = collections.namedtuple("Sent", "began, ended, outcome")
    State = collections.namedtuple("State", "began, holds, outcome")  # change asked for; done

    def __init__(self, senders, address, state):
        self.address = address
        self.states = [self.State(0, time.monotonic(), state)]
        self.sent = {sender: [] for sender in senders}
        self.stopping = threading.Event()
        self.pool = concurrent.futures.ThreadPoolExecutor(len(senders))
        self.running = [self.pool.submit(self.run, sender) for sender in senders]

    def run(self, sender):
        while not self.stopping.is_set():
            began = time.monotonic()
            result = sender.send(self.address)
            self.sent[sender].append(self.Sent(began, time.monotonic(), result))

    def has_seen_state(self):
        """Whether each connection has sent three that began in the present state: something may be remembered."""
        for each in self.running:
            if each.done():
                each.result()
        since = self.states[-1].holds
        return all(len(sent) > 2 and sent[-3].began > since for sent in self.sent.values())

    def change(self, change, state):
        began = time.monotonic()
        change()
        self.states.append(self.State(began, time.monotonic(), state))
        wait_until(self.has_seen_state, "mail was sent since the change")

    def stop(self):
        """All that was sent."""
        self.stopping.set()
        self.pool.shutdown()
        for each in self.running:
            each.result()
        return [message for sent in self.sent.values() for message in sent]

    def allowed(self, message):
        """What may become of it: a state holds at most from when it was asked for until the next one is there."""
        ends = [state.holds for state in self.states[1:]] + [message.ended]
        return {state.outcome for state, end in zip(self.states, ends)
                if state.began <= message.ended and message.began <= end}


class KeyChange(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.stand = Stand([OLD, NEW])
        cls.addClassCleanup(cls.stand.close)
        cls.keyd = cls.stand.keyd
        cls.ids = {kind: cls.stand.users.encryption_key_id(gpg.address_of(kind)) for kind in (OLD, NEW)}
        cls.ids[RESCUE] = cls.stand.stranger.encryption_key_id(gpg.address_of(RESCUE))
        hop = FakeNextHop(cls.stand.directory / "next.sock")
        cls.addClassCleanup(hop.stop)
        server = lmtp_guard.start(cls.stand, f"lmtp:unix:{hop.path}")
        cls.addClassCleanup(server.stop)
        milter = cls.stand.milter()
        cls.addClassCleanup(milter.kill)
        cls.senders = [sender for _ in range(CONNECTIONS)
                       for sender in (LmtpSender(server, hop), MilterSender(milter))]
        for sender in cls.senders:
            cls.addClassCleanup(sender.client.close)

    def sealed(self, *kinds):
        return frozenset(self.ids[kind] for kind in kinds)

    def add(self, address, kind):
        return "--any-user-id", "add", address, str(testkeys.certificate(kind))

    def take_away(self, address, kind):
        """Its certificate."""
        shown = self.keyd.get(f"/v1/addresses/{gpg.address_of(kind)}")[1]
        return "remove", address, "--certificate", shown["certificates"][0]["fingerprint"]

    def lookups(self):
        return sum(number for (name, _), number in self.keyd.metrics().items() if name == "lookups_total")

    def remember(self, address, state):
        """Sends until both front ends have the answer in memory."""
        def from_memory():
            before = self.lookups()
            for sender in self.senders[:2]:
                self.assertEqual(sender.send(address), state)
            return self.lookups() == before
        wait_until(from_memory, "both front ends remember the answer")

    def go_round(self, address, steps, times):
        """`steps`, each (change, state afterwards), again and again, until each that puts an end to what both
        front ends remember did so `times` times."""
        for change, _ in steps:
            self.keyd.cli(*change)
        since, last = time.monotonic(), steps[-1][1]
        in_time = {}  # number of the step: how often
        for attempt in range(10 * times):
            for number, (change, state) in enumerate(steps):
                remembered = isinstance(last, frozenset)  # only keys to seal to are (keyd/API, LEASES)
                if remembered:
                    self.remember(address, last)
                asked = time.monotonic()
                self.keyd.cli(*change)
                for sender in self.senders[:2] if attempt % 2 else self.senders[1::-1]:
                    self.assertEqual(sender.send(address), state, f"round {attempt}: {change}")
                if remembered:  # all of it after `since`
                    in_time[number] = in_time.get(number, 0) + (time.monotonic() < since + LEASE)
                since, last = asked, state
            if min(in_time.values()) >= times:
                return
        self.fail(f"too slow to see what is remembered: {in_time}")

    # ---- the tests

    def test_a_burst_asks_keyd_less_often_than_it_has_messages(self):
        for sender in self.senders[:2]:
            before = self.lookups()
            for _ in range(BURST):
                self.assertEqual(sender.send(gpg.address_of(OLD)), self.sealed(OLD))
            self.assertLess(self.lookups() - before, BURST / 2)

    def test_the_next_message_after_a_key_is_lost_waits(self):
        who = f"lost@{gpg.DOMAIN}"
        self.go_round(who, [(self.add(who, OLD), self.sealed(OLD)), (("lost-key", who), LATER),
                            (("remove", who), CLEAR)], 30)

    def test_the_next_message_after_a_key_is_replaced_is_sealed_to_the_new_one(self):
        who = f"replaced@{gpg.DOMAIN}"
        both = self.sealed(OLD, NEW)
        self.keyd.cli(*self.add(who, NEW))
        self.go_round(who, [(self.add(who, OLD), both), (self.take_away(who, NEW), self.sealed(OLD)),
                            (self.add(who, NEW), both), (self.take_away(who, OLD), self.sealed(NEW))], 8)

    def test_so_it_is_with_aliases_and_recovery_keys(self):
        who, target, domain = "team@rescued.test", "target@rescued.test", "rescued.test"
        self.keyd.cli(*self.add("other@rescued.test", NEW))
        rescue = str(testkeys.certificate(RESCUE))
        self.go_round(who, [
            (self.add(target, OLD), LATER), (("alias", who, target), self.sealed(OLD)),
            (("recovery", "set", domain, rescue), self.sealed(OLD, RESCUE)),
            (("alias", who, target, "other@rescued.test"), self.sealed(OLD, NEW, RESCUE)),
            (("recovery", "remove", domain), self.sealed(OLD, NEW)),
            (("remove", target), self.sealed(NEW)), (("alias", who, "--remove"), LATER)], 3)

    def test_in_steady_traffic_no_message_begins_with_what_was_before(self):
        who = f"busy@{gpg.DOMAIN}"
        self.keyd.cli(*self.add(who, OLD))
        before = self.lookups()
        traffic = Traffic(self.senders, who, self.sealed(OLD))
        self.addCleanup(traffic.stopping.set)
        for change, state in 8 * [
                (self.add(who, NEW), self.sealed(OLD, NEW)), (self.take_away(who, OLD), self.sealed(NEW)),
                (("remove", who, "--keep-tombstone"), LATER), (self.add(who, OLD), self.sealed(OLD))]:
            traffic.change(lambda change=change: self.keyd.cli(*change), state)
        sent = traffic.stop()
        wrong = [message for message in sent if message.outcome not in traffic.allowed(message)]
        self.assertEqual(len(wrong), 0, f"of {len(sent)}; the first: {wrong[:1]}")
        later = sum(message.outcome == LATER for message in sent)  # each is asked for
        self.assertLess(self.lookups() - before - later, (len(sent) - later) / 2)


if __name__ == "__main__":
    harness.main()
