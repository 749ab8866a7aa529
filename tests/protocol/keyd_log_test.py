#!/usr/bin/python3
# needs: root
"""The key log: what was noted, or sealed, contradicts whoever rewrites it; personal data can go."""

import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lib"))
import gpg
import harness
from key_log import Forger
from keyd_case import ANN, OWNED, KeydCase

OTHER = "other@sealed.test"


class KeyLog(KeydCase):
    def setUp(self):
        super().setUp()
        self.start()
        for address, name in ((ANN, "cv25519"), (OWNED, "owned")):
            self.assertEqual(self.upload(address, name)[0], 201)
        self.noted = self.head()
        self.letter = self.here / "letter"
        sequence, head = self.noted.split(":")
        self.letter.write_bytes(b"From: ada@out.test\nMaildircrypt-Provenance: sealed; host=mx;\n"
                                b" log=%s:%s;\n keys=%s\nSubject: ...\n\nbody\n"
                                % (sequence.encode(), head.encode(), b"A" * 40))
        self.assertEqual(self.upload(OTHER, "cv25519", query="?any_user_id=yes")[0], 201)

    def head(self, role="root"):
        return self.cli("log", "head", role=role, check=0)[0].strip()

    def verify(self, *arguments, ok):
        return self.cli("log", "verify", *arguments, check=0 if ok else 75)[0 if ok else 1]

    def store_path(self):
        return self.keyd.store.removeprefix("sqlite:")

    def forge(self, act):
        """What somebody does to the store while keyd is down; whether keyd starts on it."""
        self.keyd.stop()
        with Forger(self.store_path()) as forger:
            act(forger)
        try:
            self.restart()
        except AssertionError as error:
            self.assertIn("key log", str(error))
            return False
        return True

    def test_head_and_sequence_stand_where_they_can_be_noted(self):
        self.assertRegex(self.noted, "^2:[0-9a-f]{64}$")
        self.assertEqual(self.head(role="somebody else"), self.head())
        log = json.loads(self.cli("--json", "log", "head", check=0)[0])
        self.assertEqual(self.head(), f"{log['sequence']}:{log['head']}")
        self.assertEqual(self.curl(f"/v1/lookup/{ANN}")[1]["log"], log)

    def test_the_log_as_it_was_noted_is_whole(self):
        self.assertIn("whole: 3 changes", self.verify(ok=True))
        for against in (self.noted, self.head(), self.letter):
            self.assertIn("whole", self.verify("--against", against, ok=True))

    def test_a_position_that_the_log_never_had_is_found(self):
        self.assertIn("row 2", self.verify("--against", "2:" + "0" * 64, ok=False))
        self.assertIn("row 0", self.verify("--against", "0:" + "0" * 64, ok=False))
        self.assertIn("ends before row 9", self.verify("--against", "9:" + "0" * 64, ok=False))
        self.cli("log", "verify", "--against", "/nonexistent", check=66)
        self.letter.write_bytes(b"From: a\n\nbody\n")
        self.cli("log", "verify", "--against", self.letter, check=65)
        self.cli("log", "head", "--against", self.noted, check=64)

    def test_one_row_that_is_altered_is_found(self):
        for column, value in (("time", 1), ("channel", "root "), ("action", "release"),
                              ("address_commitment", bytes(32)), ("keys_commitment", bytes(32)),
                              ("previous", bytes(32)), ("hash", bytes(32))):
            with self.subTest(column=column):
                before = []

                def alter(forger, column=column, value=value, before=before):
                    (old,), = forger.database.execute(f"SELECT {column} FROM key_log WHERE sequence = 1")
                    before.append(old)
                    forger.run(f"UPDATE key_log SET {column} = ? WHERE sequence = 1", value)

                self.assertTrue(self.forge(alter))  # the start looks at the last row alone
                self.assertRegex(self.verify(ok=False), "row [12] ")
                self.keyd.stop()
                with Forger(self.store_path()) as forger:
                    forger.run(f"UPDATE key_log SET {column} = ? WHERE sequence = 1", before[0])
                self.restart()
                self.verify(ok=True)

    def test_a_row_that_is_taken_out_is_found(self):
        def take_out(forger):
            forger.run("DELETE FROM key_log_openings WHERE sequence = 2")
            forger.run("DELETE FROM key_log WHERE sequence = 2")

        self.assertTrue(self.forge(take_out))
        self.assertIn("row 2 is missing", self.verify(ok=False))

    def test_a_last_row_that_is_altered_or_taken_out_is_found_at_the_start(self):
        def take_out(forger):
            forger.run("DELETE FROM key_log_openings WHERE sequence = 3")
            forger.run("DELETE FROM key_log WHERE sequence = 3")

        self.assertFalse(self.forge(take_out))

    def test_an_opening_that_says_something_else_is_found(self):
        self.assertTrue(self.forge(lambda forger: forger.run(
            "UPDATE key_log_openings SET address = 'eve@sealed.test' WHERE sequence = 1")))
        self.assertIn("row 1 has an opening", self.verify(ok=False))

    def test_rows_that_are_all_rewritten_contradict_what_was_noted(self):
        def rewrite(forger):
            forger.rename(1, "eve@sealed.test")
            forger.rewrite_chain()

        self.assertTrue(self.forge(rewrite))
        self.assertIn("whole", self.verify(ok=True))  # right in itself
        for against in (self.noted, self.letter):
            self.assertIn("row 2", self.verify("--against", against, ok=False))
        self.assertIn("key_log_broken reason=", self.keyd.server.output())

    def test_a_log_that_is_cut_and_closed_again_contradicts_what_was_noted(self):
        def cut(forger):
            forger.run("DELETE FROM key_log_openings WHERE sequence > 1")
            forger.run("DELETE FROM key_log WHERE sequence > 1")
            forger.rewrite_chain()

        self.assertTrue(self.forge(cut))
        self.verify(ok=True)
        self.assertIn("ends before row 2", self.verify("--against", self.letter, ok=False))

    def test_another_store_contradicts_what_was_noted(self):
        self.keyd.stop()
        self.here = self.here / "other"
        self.start()
        for address, name in ((ANN, "cv25519"), (OWNED, "owned")):
            self.upload(address, name)
        self.verify(ok=True)
        self.assertIn("row 2", self.verify("--against", self.noted, ok=False))

    # ---- personal data

    def stored_octets(self):
        directory = pathlib.Path(self.store_path()).parent
        return b"".join(path.read_bytes() for path in directory.glob("keys.sqlite*"))

    def test_what_rows_are_about_can_be_erased_and_the_chain_stays(self):
        out, err = self.cli("log", "erase", OTHER, check=75)
        self.assertIn("keyd-cli remove", err)
        self.cli("remove", OTHER, check=0)
        head = self.head()
        self.assertIn("2 rows", self.cli("log", "erase", OTHER, check=0)[0])
        self.assertEqual(self.head(), head)
        for against in (self.noted, head, self.letter):
            self.verify("--against", against, ok=True)
        lines = self.cli("log", check=0)[0].splitlines()
        self.assertEqual(["(erased)" in line for line in lines], [False, False, True, True])
        self.assertEqual(self.cli("log", OTHER, check=0)[0], "")
        self.assertEqual(len(self.cli("log", ANN, check=0)[0].splitlines()), 1)
        self.keyd.stop()
        self.assertIn(ANN.encode(), self.stored_octets())
        self.assertNotIn(OTHER.encode(), self.stored_octets())
        self.restart()
        self.verify(ok=True)
        self.assertIn("log_erased rows=2 uid=0", self.keyd.server.output())

    def test_only_an_administrator_erases(self):
        self.cli("remove", OTHER, check=0)
        for role in ("the owner", "somebody else"):
            self.cli("log", "erase", OTHER, role=role, check=77)
        self.assertEqual(len(self.cli("log", OTHER, check=0)[0].splitlines()), 2)
        self.cli("log", "erase", f"never@{gpg.DOMAIN}", check=0)


if __name__ == "__main__":
    harness.main()
