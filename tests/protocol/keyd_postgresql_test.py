#!/usr/bin/python3
# needs: root
"""Two real keyd on one real PostgreSQL: they see each other's changes, and survive without it."""

import pathlib
import socket
import subprocess
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lib"))
import gpg
import harness
import testkeys
from keyd import USER, Keyd
from postgresql import Postgresql
from processes import Server, wait_until

ANN = gpg.address_of("cv25519")
BOB = gpg.address_of("rsa2048")
NOBODY = f"nobody@{gpg.DOMAIN}"
PATIENCE = 30


class PostgresqlTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.directory = harness.temporary_directory()
        cls.programs = harness.install_programs(cls.directory / "bin")
        cls.certificates = {}
        for kind, address in (("cv25519", ANN), ("rsa2048", BOB)):
            cls.certificates[address] = cls.directory / f"{kind}.asc"
            cls.certificates[address].write_bytes(testkeys.certificate(kind).read_bytes())

    def setUp(self):
        self.here = self.directory / self.id().rsplit(".", maxsplit=1)[-1][5:30]
        self.here.mkdir()
        self.here.chmod(0o777)
        self.server = Postgresql(self.here / "pg")
        self.addCleanup(self.server.stop)
        self.database = self.server.create()
        self.store = f"postgresql:{self.database}"

    def keyd(self, name, *options, init=False):
        keyd = Keyd(self.here / name, self.programs, store=self.store, options=options, init=init)
        self.addCleanup(keyd.stop)
        return keyd

    def status(self, keyd, address):
        """The state, or the HTTP status when there is none."""
        status, answer = keyd.get(f"/v1/lookup/{address}")
        return answer["state"] if status == 200 else status

    def await_status(self, keyd, address, wanted):
        wait_until(lambda: self.status(keyd, address) == wanted, f"{address} is {wanted}", PATIENCE)

    # ---- two keyd

    def test_answers_that_another_keyd_may_change_are_not_to_be_remembered(self):
        first = self.keyd("first", init=True)
        first.add(ANN, self.certificates[ANN])
        run = subprocess.run(["curl", "-sSi", "--unix-socket", first.socket,
                              f"http://keyd/v1/lookup/{ANN}"], capture_output=True, check=True)
        self.assertIn(b"sealable", run.stdout)
        self.assertNotIn(b"Lease", run.stdout)

    def test_two_keyd_see_each_others_changes_within_a_second(self):
        one, other = self.keyd("one", init=True), self.keyd("other")
        took = []
        for keyd, peer in ((one, other), (other, one)):
            self.await_status(peer, ANN, "no-key")
            keyd.add(ANN, self.certificates[ANN])
            began = time.monotonic()
            self.await_status(peer, ANN, "sealable")
            took.append(time.monotonic() - began)
            self.assertEqual(self.status(keyd, ANN), "sealable")
            # The peer knows it by heart now, and has to hear of the change.
            keyd.cli("remove", ANN, "--keep-tombstone")
            began = time.monotonic()
            self.await_status(peer, ANN, "tombstone")
            took.append(time.monotonic() - began)
            keyd.cli("remove", ANN)
            began = time.monotonic()
            self.await_status(peer, ANN, "no-key")
            took.append(time.monotonic() - began)
        print("seconds until the other keyd knew:", ", ".join(f"{t:.2f}" for t in took))
        self.assertLess(sorted(took)[0], 1)
        self.assertIn(b"whole", other.cli("log", "verify").stdout)

    def test_changes_of_both_at_once_make_one_log(self):
        one, other = self.keyd("one", init=True), self.keyd("other")
        running = [subprocess.Popen(
            [self.programs / "keyd-cli", "--socket", keyd.socket, "add", "--any-user-id",
             f"user{i}{name}@{gpg.DOMAIN}", self.certificates[ANN]], stdout=subprocess.DEVNULL)
            for i in range(8) for name, keyd in (("a", one), ("b", other))]
        self.assertEqual([process.wait(PATIENCE) for process in running], [0] * 16)
        self.assertIn(b"16 changes", one.cli("log", "verify").stdout)
        self.assertEqual(self.status(one, f"user7b@{gpg.DOMAIN}"), "sealable")

    def test_aliases_recovery_and_lost_keys_of_one_are_known_to_the_other(self):
        one, other = self.keyd("one", init=True), self.keyd("other")
        rescue = str(testkeys.certificate("stranger"))
        one.add(ANN, self.certificates[ANN])
        one.cli("alias", "all@sealed.test", ANN, BOB)
        self.await_keys(other, "all@sealed.test", self.keys(one, ANN))
        # An answer that the other knows by heart changes with any entry that it was made of.
        one.add(BOB, self.certificates[BOB])
        both = self.keys(one, ANN) | self.keys(one, BOB)
        self.assertEqual(len(both), 2)
        self.await_keys(other, "all@sealed.test", both)
        other.cli("recovery", "set", gpg.DOMAIN, rescue)
        recovery = self.keys(other, ANN, "recovery")
        self.assertEqual(len(recovery), 1)
        self.await_keys(one, "all@sealed.test", recovery, "recovery")
        other.cli("lost-key", ANN)
        self.await_keys(one, "all@sealed.test", both - self.keys(one, ANN, "recognise"))
        self.await_status(one, ANN, "tombstone")
        other.cli("--any-user-id", "add", "@whole.test", str(self.certificates[BOB]))
        self.await_status(one, "any@whole.test", "sealable")
        other.cli("alias", "all@sealed.test", "--remove")
        self.await_status(one, "all@sealed.test", "tombstone")
        self.assertIn(b"whole", one.cli("log", "verify").stdout)

    def test_an_alias_is_known_by_heart_while_the_database_is_away(self):
        keyd = self.keyd("one", init=True)
        keyd.add(ANN, self.certificates[ANN])
        keyd.add(BOB, self.certificates[BOB])
        keyd.cli("alias", f"all@{gpg.DOMAIN}", ANN, BOB)
        keyd.cli("alias", "none@sealed.test", NOBODY)
        keyd.cli("recovery", "set", gpg.DOMAIN, str(testkeys.certificate("stranger")))
        self.await_status(keyd, "none@sealed.test", "no-key")
        self.await_status(keyd, f"all+lists@{gpg.DOMAIN}", "sealable")
        known = [self.keys(keyd, "all@sealed.test", member) for member in ("seal_to", "recovery")]
        self.assertEqual([len(keys) for keys in known], [2, 1])
        self.server.crash()
        for address in ("all@sealed.test", f"all+lists@{gpg.DOMAIN}"):
            self.assertEqual(self.status(keyd, address), "sealable")
            self.assertEqual([self.keys(keyd, address, member)
                              for member in ("seal_to", "recovery")], known)
        self.assertEqual(self.status(keyd, "none@sealed.test"), 503)
        self.server.start()
        self.await_status(keyd, "none@sealed.test", "no-key")

    def keys(self, keyd, address, member="seal_to"):
        """Fingerprints; without an answer none."""
        status, answer = keyd.get(f"/v1/lookup/{address}")
        found = answer[member] if status == 200 else []
        return {key if isinstance(key, str) else key["fingerprint"] for key in found}

    def await_keys(self, keyd, address, wanted, member="seal_to"):
        self.assertTrue(wanted)
        wait_until(lambda: self.keys(keyd, address, member) == wanted,
                   f"{address} has the {member} {wanted}", PATIENCE)

    # ---- the database away

    def known_and_gone(self, keyd, gone):
        keyd.add(ANN, self.certificates[ANN])
        keyd.add(BOB, self.certificates[BOB])
        self.await_status(keyd, ANN, "sealable")
        self.await_status(keyd, NOBODY, "no-key")
        gone()
        # Who was asked for is known; who was not might have a key or not.
        self.assertEqual(self.status(keyd, ANN), "sealable")
        self.assertEqual(self.status(keyd, NOBODY), 503)
        self.assertEqual(self.status(keyd, f"other@{gpg.DOMAIN}"), 503)
        self.assertEqual(keyd.get("/v1/health")[0], 503)

    def test_a_stopped_database_leaves_what_is_known_and_comes_back(self):
        keyd = self.keyd("one", "--socketmap", str(self.here / "map"), init=True)
        self.known_and_gone(keyd, self.server.crash)
        self.assertEqual(self.status(keyd, BOB), 503)  # was never asked for
        self.assertEqual(self.socketmap(f"exists {ANN}"), "OK sealed")
        self.assertTrue(self.socketmap(f"exists {NOBODY}").startswith("TEMP "))
        refused = keyd.cli("add", BOB, str(self.certificates[BOB]), check=False)
        self.assertEqual(refused.returncode, 75)
        wait_until(lambda: "store_away" in keyd.server.output(), "the log says so", PATIENCE)
        self.server.start()
        self.await_status(keyd, NOBODY, "no-key")
        self.await_status(keyd, BOB, "sealable")
        wait_until(lambda: "store_back" in keyd.server.output(), "the log says so", PATIENCE)
        keyd.cli("remove", BOB)
        self.assertIn(b"whole", keyd.cli("log", "verify").stdout)

    def test_a_hung_database_hangs_nobody(self):
        keyd = self.keyd("one", init=True)
        self.addCleanup(self.server.go_on)
        self.known_and_gone(keyd, self.server.hang)
        # The deadline of keyd is one second, and only the first lookup waits for it at all.
        began = time.monotonic()
        for _ in range(20):
            self.assertEqual(self.status(keyd, ANN), "sealable")
            self.assertEqual(self.status(keyd, NOBODY), 503)
        self.assertLess(time.monotonic() - began, PATIENCE)
        self.server.go_on()
        self.await_status(keyd, NOBODY, "no-key")
        self.await_status(keyd, BOB, "sealable")

    def test_what_is_known_is_told_for_the_configured_time(self):
        for seconds in ("0", "1"):
            with self.subTest(seconds=seconds):
                keyd = self.keyd(f"for{seconds}", "--stale-answers", seconds, init=seconds == "0")
                keyd.add(ANN, self.certificates[ANN])
                self.await_status(keyd, ANN, "sealable")
                self.server.crash()
                self.await_status(keyd, ANN, 503)
                self.server.start()
                self.await_status(keyd, ANN, "sealable")
                keyd.stop()

    def test_an_older_or_another_database_is_not_believed(self):
        keyd = self.keyd("one", init=True)
        keyd.add(ANN, self.certificates[ANN])
        keyd.stop()  # a database is copied while nobody uses it
        self.server.create("older", template="keys1")
        keyd.start()
        keyd.add(BOB, self.certificates[BOB])
        self.await_status(keyd, ANN, "sealable")
        self.await_status(keyd, BOB, "sealable")
        self.swap("keys1", "newer", "older", "keys1")
        for address in (ANN, BOB, NOBODY):
            self.await_status(keyd, address, 503)
        wait_until(lambda: "store_distrusted" in keyd.server.output(), "the log says so", PATIENCE)
        # Even when the older one has caught up with changes of its own.
        self.server.sql(self.database, "UPDATE store SET revision = revision + 10")
        self.await_status(keyd, ANN, 503)
        self.swap("keys1", "older", "newer", "keys1")
        self.await_status(keyd, ANN, "sealable")
        self.await_status(keyd, NOBODY, "no-key")

    def swap(self, *names):
        """Renames databases, in pairs, while nobody can hold on to them."""
        for old, new in zip(names[::2], names[1::2]):
            self.server.sql(self.server.address("postgres"), f"""
                ALTER DATABASE {old} ALLOW_CONNECTIONS false;
                SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity WHERE datname = '{old}';
                ALTER DATABASE {old} RENAME TO {new};
                ALTER DATABASE {new} ALLOW_CONNECTIONS true;""")

    # ---- start

    def test_starts_only_on_a_store_that_was_initialised(self):
        def start():
            return subprocess.run(
                [self.programs / "keyd", "--socket", self.here / "s", "--store", self.store],
                user=USER, group=USER, extra_groups=[], capture_output=True, text=True, check=False,
                timeout=PATIENCE)
        run = start()
        self.assertEqual(run.returncode, 69)
        self.assertIn("keyd init", run.stderr)
        self.server.stop()
        run = start()
        self.assertEqual(run.returncode, 69)
        self.assertNotIn("keyd init", run.stderr)

    def socketmap(self, line):
        """The answer to one query, asked in a line as Exim does."""
        with socket.socket(socket.AF_UNIX) as peer:
            peer.settimeout(PATIENCE)
            peer.connect(str(self.here / "map"))
            peer.sendall(line.encode() + b"\n")
            return peer.makefile().readline().rstrip("\n")


if __name__ == "__main__":
    harness.main()
