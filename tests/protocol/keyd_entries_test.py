#!/usr/bin/python3
# needs: root
"""Aliases, details, whole domains, recovery keys and lost keys, through the real keyd and keyd-cli, with
either store."""

import pathlib
import sys
import unittest
import urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lib"))
import gpg
import harness
import testkeys
from keyd import Keyd
from postgresql import Postgresql

ANN = gpg.address_of("cv25519")
BOB = gpg.address_of("rsa3072")
CERTIFICATES = {ANN: testkeys.certificate("cv25519"), BOB: testkeys.certificate("rsa3072"),
                "rescue": testkeys.certificate("stranger")}


class Entries:
    """A TestCase that inherits this has store(): the value of --store, None for keyd's own file."""

    def setUp(self):
        directory = harness.temporary_directory()
        self.keyd = Keyd(directory / "keyd", harness.install_programs(directory / "bin"),
                         store=self.store())
        self.addCleanup(self.keyd.stop)

    def cli(self, *arguments, status=0):
        run = self.keyd.cli(*arguments, check=False)
        self.assertEqual(run.returncode, status, run.stderr.decode())
        return (run.stdout if status == 0 else run.stderr).decode()

    def add(self, address, name=None):
        return self.cli("--any-user-id", "add", address, str(CERTIFICATES[name or address]))

    def look_up(self, address):
        status, answer = self.keyd.get("/v1/lookup/" + urllib.parse.quote(address))
        self.assertEqual((status, answer["address"]), (200, address.lower()))
        return answer

    def keys(self, address, member="seal_to"):
        return {key["fingerprint"] for key in self.look_up(address)[member]}

    def test_an_alias_follows_its_targets_through_a_restart(self):
        self.add(ANN)
        said = self.cli("alias", "all@sealed.test", ANN, BOB)
        self.assertEqual(said, f"all@sealed.test: alias of {ANN} {BOB}, sealable\n")
        self.assertEqual(self.keys("all@sealed.test"), self.keys(ANN))
        self.add(BOB)
        self.assertEqual(self.keys("all@sealed.test"), self.keys(ANN) | self.keys(BOB))
        self.keyd.stop()
        self.keyd.start()
        self.assertEqual(self.keys("all@sealed.test"), self.keys(ANN) | self.keys(BOB))
        self.assertEqual(self.cli("alias"), f"all@sealed.test\tsealable\t{ANN} {BOB}\n")
        self.cli("lost-key", ANN)
        self.assertEqual(self.keys("all@sealed.test"), self.keys(BOB))
        self.assertIn("itself", self.cli("alias", ANN, "all@sealed.test", status=65)
                      + self.cli("alias", "x@sealed.test", "x@sealed.test", status=65))
        self.assertIn("deferred", self.cli("alias", "all@sealed.test", "--remove"))
        self.assertEqual(self.look_up("all@sealed.test")["state"], "tombstone")
        self.assertIn("alias", self.cli("log", "all@sealed.test"))
        self.assertIn("whole", self.cli("log", "verify"))

    def test_the_most_specific_entry_answers(self):
        self.add("@sealed.test", BOB)
        self.add(ANN)
        local = ANN.split("@", maxsplit=1)[0]
        for address in (ANN, f"{local}+lists@sealed.test", f'"{local}+a b"@sealed.test'):
            self.assertEqual(self.keys(address), self.keys(ANN), address)
        for address in ("bob@sealed.test", '"bob smith"@sealed.test', "b\u00f6b@sealed.test"):
            self.assertEqual(self.keys(address), self.keys("any@sealed.test"), address)
        self.assertNotEqual(self.keys(ANN), self.keys("any@sealed.test"))
        self.cli("remove", "--keep-tombstone", ANN)
        self.assertEqual(self.look_up(ANN)["state"], "tombstone")
        self.assertIn("sealable", self.cli("remove", ANN))  # released: the domain's key answers
        self.assertIn("by the keys of @sealed.test", self.cli("show", ANN))
        self.assertEqual(self.look_up("any@elsewhere.test")["state"], "no-key")

    def test_both_forms_of_a_domain_are_one(self):
        self.add("j\u00f6rg@b\u00fccher.test", ANN)
        self.assertEqual(self.look_up("j\u00f6rg@xn--bcher-kva.test")["state"], "sealable")
        self.assertEqual(self.look_up("j\u00f6rg@b\u00fccher.test")["state"], "sealable")
        self.add("@xn--strae-oqa.test", BOB)
        self.assertEqual(self.look_up("any@stra\u00dfe.test")["state"], "sealable")
        self.assertIn("xn--bcher-kva.test", self.cli("list"))

    def test_all_spellings_of_a_local_part_are_one(self):
        self.add("J\u00dcRGEN@sealed.test", ANN)
        self.assertIn("j\u00fcrgen@sealed.test\tsealable", self.cli("list"))
        upper = self.keyd.get("/v1/lookup/" + urllib.parse.quote("J\u00dcRGEN@sealed.test"))[1]
        self.assertEqual((upper["state"], upper["address"]), ("sealable", "j\u00dcrgen@sealed.test"))
        self.cli("alias", "STRASSE@sealed.test", "ju\u0308rgen@sealed.test")
        self.assertEqual(self.keys("stra\u00dfe@sealed.test"), {key["fingerprint"] for key in upper["seal_to"]})
        self.cli("remove", "j\u00fcrgen@sealed.test")
        self.assertIn("release", self.cli("log", "JU\u0308RGEN@sealed.test"))
        self.assertEqual(self.look_up("j\u00fcrgen@sealed.test")["state"], "no-key")

    def test_a_recovery_key_is_told_sealed_to_and_not_recognised(self):
        self.add(ANN)
        self.cli("recovery", "set", "sealed.test", str(CERTIFICATES["rescue"]))
        rescue = self.keys(ANN, "recovery")
        self.assertEqual(len(rescue), 1)
        self.assertFalse(rescue & set(self.look_up(ANN)["recognise"]))
        self.assertEqual(self.look_up("nobody@sealed.test")["recovery"], [])
        for said in (self.add(BOB), self.cli("show", ANN), self.cli("show", BOB)):
            self.assertIn("also sealed to the recovery key", said)
        self.assertIn("sealed.test: recovery key", self.cli("recovery", "show"))
        self.assertIn("recovery", self.cli("log", "recovery:sealed.test"))
        self.cli("recovery", "remove", "sealed.test")
        self.assertEqual(self.keys(ANN, "recovery"), set())
        self.assertNotIn("recovery", self.add(ANN))

    def test_a_lost_key_is_deferred_and_does_not_come_back(self):
        self.add(ANN)
        known = self.look_up(ANN)["recognise"]
        self.assertIn("deferred", self.cli("lost-key", ANN))
        answer = self.look_up(ANN)
        self.assertEqual((answer["state"], answer["recognise"]), ("tombstone", known))
        self.assertIn("lost", self.cli("--any-user-id", "add", ANN, str(CERTIFICATES[ANN]),
                                       status=65))
        self.add(ANN, BOB)
        self.assertEqual(self.look_up(ANN)["state"], "sealable")
        self.assertFalse(self.keys(ANN) & set(known))
        self.cli("lost-key", ANN, "0" * 40, status=67)


class SqliteEntriesTest(Entries, unittest.TestCase):
    def store(self):
        return None


class PostgresqlEntriesTest(Entries, unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Postgresql(harness.temporary_directory() / "postgresql")
        cls.addClassCleanup(cls.server.stop)

    def store(self):
        return f"postgresql:{self.server.create()}"


if __name__ == "__main__":
    harness.main()
