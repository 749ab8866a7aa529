#!/usr/bin/python3
"""Every kind of key with every decryptor: what we write is read, octet for octet (`matrix` shows all)."""

import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lib"))
import decryptors
import gpg
import harness
import matrix
import testkeys


class InteropMatrix(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.matrix = matrix.Matrix().run()
        print(cls.matrix.table())

    def test_all_three_ends_of_base64_were_met(self):
        for kind, paddings in self.matrix.paddings.items():
            self.assertEqual(paddings, {0, 1, 2}, kind)


    def test_what_a_program_cannot_read_it_cannot_read_from_gpg_either(self):
        programs = {decryptor.name: decryptor for decryptor in self.matrix.decryptors}
        for (name, prefix), _ in matrix.CANNOT.items():
            if name not in programs:
                self.skipTest(self.matrix.missing[name])
            for kind in (kind for kind in gpg.KINDS if kind.startswith(prefix)):
                work = harness.temporary_directory()
                with testkeys.users(work) as users:
                    (work / "gpg.asc").write_bytes(
                        users.run("--armor", "--encrypt", "--recipient", gpg.address_of(kind),
                                  data=b"text").stdout)
                job = {"kind": kind, "key": str(self.matrix.directory / f"{kind}.key"),
                       "armour": str(work / "gpg.asc"), "output": str(work / "out")}
                programs[name].decrypt([job], work)
                self.assertTrue((work / "out.error").exists(), (name, kind))


def add_test(decryptor):
    def test(self):
        if decryptor.name in self.matrix.missing:
            self.skipTest(self.matrix.missing[decryptor.name])
        for kind in gpg.KINDS:
            with self.subTest(kind=kind):
                cell = self.matrix.cells[decryptor.name, kind]
                if self.matrix.reason(decryptor.name, kind):
                    self.assertEqual(cell.equal, 0, "it can: take it out of matrix.CANNOT")
                else:
                    self.assertEqual(cell.wrong, [])
                    self.assertGreater(cell.equal, 0)
    name = "".join(c if c.isalnum() else "_" for c in decryptor.name.lower()).strip("_")
    setattr(InteropMatrix, f"test_{name}", test)


for each in decryptors.ALL:
    add_test(each)

if __name__ == "__main__":
    harness.main()
