#!/usr/bin/python3
# needs: root
"""keyd with --witness serves no store but that which it has served, and no older copy of it."""

import pathlib
import shutil
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lib"))
import gpg
import harness
import testkeys
from keyd import USER, Keyd

ANN = gpg.address_of("cv25519")


class WitnessTest(unittest.TestCase):
    def setUp(self):
        self.directory = harness.temporary_directory() / "keyd"
        self.witness = self.directory / "witness"
        programs = harness.install_programs(self.directory.parent / "bin")
        self.keyd = Keyd(self.directory, programs, options=["--witness", self.witness])
        self.addCleanup(self.stop)
        self.store = self.directory / "keys.sqlite"
        self.copy = self.directory / "copy.sqlite"

    def stop(self):
        if self.keyd.server:
            self.keyd.stop()
            self.keyd.server = None

    def put_back_the_copy(self):
        self.stop()
        for path in self.directory.glob("keys.sqlite*"):
            path.unlink()
        shutil.copy2(self.copy, self.store)
        shutil.chown(self.store, USER)

    def keep_a_copy(self):
        self.stop()
        shutil.copy2(self.store, self.copy)
        self.keyd.start()

    def refusal(self):
        run = subprocess.run([self.keyd.programs / "keyd", "--socket", self.keyd.socket, "--store",
                              self.keyd.store, "--witness", self.witness], user=USER, group=USER,
                             extra_groups=[], capture_output=True, text=True, timeout=60)
        self.assertEqual(run.returncode, 69, run.stderr)
        return run.stderr

    def test_an_older_copy_is_refused(self):
        self.keep_a_copy()
        self.keyd.add(ANN, testkeys.certificate("cv25519"))
        self.put_back_the_copy()
        self.assertIn("older copy", self.refusal())
        self.assertIn(f"remove {self.witness}", self.refusal())

    def test_a_new_store_in_its_place_is_refused_until_it_is_meant(self):
        self.keyd.add(ANN, testkeys.certificate("cv25519"))
        self.stop()
        self.store.unlink()
        self.keyd.init()
        self.assertIn("this host has served", self.refusal())
        self.witness.unlink()
        self.keyd.start()
        self.assertEqual(self.keyd.get("/v1/health")[0], 200)

    def test_the_same_store_and_a_copy_of_now_are_served(self):
        self.keyd.add(ANN, testkeys.certificate("cv25519"))
        self.keep_a_copy()
        self.put_back_the_copy()
        self.keyd.start()
        self.assertEqual(self.keyd.get(f"/v1/lookup/{ANN}")[1]["state"], "sealable")


if __name__ == "__main__":
    harness.main()
