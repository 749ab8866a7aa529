#!/usr/bin/python3
"""Every kind of key with every decryptor: what we write is read, octet for octet.

This runs a part: all kinds and decryptors, every size for cv25519 and rsa2048 (the slow programs, few),
4 sizes for the rest, all three ends of base64, zlib, 3 MB. `tests/interop/matrix` runs all sizes.
"""

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
        cls.second = matrix.Matrix(version=2).run()
        print(cls.second.table())

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


class MatrixDocument(unittest.TestCase):
    """interop/MATRIX, which `matrix --write` wrote, is whole and still true."""

    def setUp(self):
        self.text = (pathlib.Path(__file__).resolve().parent / "MATRIX").read_text()

    def test_it_has_every_kind_of_key_and_every_decryptor(self):
        for decryptor in decryptors.ALL:
            self.assertIn(decryptor.name, self.text)
        first, _, _ = self.text.partition("SEIPD VERSION 2")
        rows = {line.split()[0]: line.split()[1:] for line in first.splitlines()
                if line.split()[1:2] and line.split()[0] in gpg.KINDS}
        self.assertEqual(list(rows), list(gpg.KINDS))
        for cells in rows.values():
            self.assertEqual(len(cells), len(decryptors.ALL))
        self.assertNotIn("not tested", self.text)

    def test_its_sizes_are_those_of_today(self):
        _, _, table = self.text.partition("WHAT THE SIZE TELLS")
        rows = [list(map(int, line.split())) for line in table.splitlines() if line[:1].isdigit()]
        self.assertGreater(len(rows), 12)
        short = [row for row in rows if row[0] <= 20000]
        self.assertEqual(list(matrix.sizes_seen(lengths=[row[0] for row in short])), short)


def add_test(decryptor):
    def test(self):
        if decryptor.name in self.matrix.missing:
            self.skipTest(self.matrix.missing[decryptor.name])
        for each in (self.matrix, self.second):
            for kind in each.kinds:
                with self.subTest(version=each.version, kind=kind):
                    cell = each.cells[decryptor.name, kind]
                    if each.reason(decryptor.name, kind):
                        self.assertEqual(cell.equal, 0, "it can: change matrix.py")
                    else:
                        self.assertEqual(cell.wrong, [])
                        self.assertGreater(cell.equal, 0)
    name = "".join(c if c.isalnum() else "_" for c in decryptor.name.lower()).strip("_")
    setattr(InteropMatrix, f"test_{name}", test)


for each in decryptors.ALL:
    add_test(each)

if __name__ == "__main__":
    harness.main()
