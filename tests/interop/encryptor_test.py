#!/usr/bin/python3
"""What our encryptor writes is opened by other OpenPGP programs, octet for octet."""

import pathlib
import random
import shutil
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lib"))
import decryptors
import gpg
import harness
import openpgp
import testkeys

ENCRYPT = harness.BUILD / "tests/encrypt"
SIZES = [0, 1, 191, 192, 511, 512, 513, 8191, 8192, 8193, 8383, 8384, 65535, 65536, 1000000]
SOP_SIZES = [0, 512, 8186, 8187, 70000, 1000000]
SOP_KINDS = ["cv25519", "rsa3072", "nistp256", "nistp384", "nistp521"]
BRAINPOOL = ["brainpoolp256r1", "brainpoolp384r1", "brainpoolp512r1"]
OPTIONS = [[], ["--unpadded"], ["--zlib"], ["--lf"], ["--zlib", "--unpadded", "--lf"]]


def octets(size):
    return random.Random(size).randbytes(size)


def text(size):
    """ASCII (gosop changes other octets); lines, so that nothing is special about them."""
    letters = random.Random(size).choices("abcdefghijklmnopqrstuvwxyz ", k=size)
    letters[72::73] = "\n" * len(letters[72::73])
    return "".join(letters).encode()


class Encryptor(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.directory = harness.temporary_directory()
        cls.users = testkeys.users(cls.directory)
        cls.stranger = testkeys.stranger(cls.directory)
        for kind in gpg.KINDS:
            packet = openpgp.encryption_packet(testkeys.certificate(kind).read_bytes())
            cls.packet_file(kind).write_bytes(packet)

    @classmethod
    def tearDownClass(cls):
        cls.users.stop_agent()
        cls.stranger.stop_agent()

    @classmethod
    def packet_file(cls, kind):
        return cls.directory / f"{kind}.packet"

    def encrypt(self, plain, kinds, *options):
        files = [str(self.packet_file(kind)) for kind in kinds]
        return subprocess.run([ENCRYPT, *options, *files], input=plain, capture_output=True,
                              check=True).stdout

    def decrypt_files(self, home, armours):
        """One gpg for many messages: their plaintexts."""
        work = self.directory / "many"
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir()
        names = [f"{number}.asc" for number in range(len(armours))]
        for name, armour in zip(names, armours):
            (work / name).write_bytes(armour)
        run = subprocess.run(["gpg", "--homedir", str(home.path), "--batch", "--no-tty", "--quiet",
                              "--decrypt-files", *names], cwd=work, capture_output=True, check=False)
        self.assertEqual(run.returncode, 0, run.stderr)
        return [(work / name[:-len(".asc")]).read_bytes() for name in names]

    def test_gpg_opens_every_size_for_every_kind_of_key(self):
        for kind in gpg.KINDS:
            with self.subTest(kind=kind):
                armours = [self.encrypt(octets(size), [kind]) for size in SIZES]
                for size, plain in zip(SIZES, self.decrypt_files(self.users, armours)):
                    self.assertTrue(plain == octets(size), size)

    def test_gpg_opens_every_option_and_every_base64_ending(self):
        sizes = list(range(40)) + [8192, 300000]
        for options in OPTIONS:
            with self.subTest(options=options):
                armours = [self.encrypt(octets(size), ["cv25519"], *options) for size in sizes]
                plains = self.decrypt_files(self.users, armours)
                self.assertEqual(plains, [octets(size) for size in sizes])
                if "--unpadded" in options and "--zlib" not in options:
                    endings = {len(openpgp.dearmour(armour)) % 3 for armour in armours}
                    self.assertEqual(endings, {0, 1, 2})

    def test_gpg_names_the_keys_and_is_content(self):
        for kind in gpg.KINDS:
            plain, ids = self.users.decrypt(self.encrypt(octets(3000), [kind]))
            self.assertEqual(plain, octets(3000))
            self.assertEqual(ids, [self.users.encryption_key_id(gpg.address_of(kind))])

    def test_gpg_opens_messages_to_several_keys_at_once(self):
        armour = self.encrypt(octets(5000), gpg.KINDS)
        plain, ids = self.users.decrypt(armour)
        self.assertEqual(plain, octets(5000))
        self.assertEqual(len(ids), len(gpg.KINDS))

    def test_gpg_opens_anonymous_messages(self):
        for kinds in (["cv25519"], ["rsa2048", "nistp384"]):
            plain, ids = self.users.decrypt(self.encrypt(octets(5000), kinds, "--anonymous"))
            self.assertEqual(plain, octets(5000))
            self.assertEqual(set(ids), {"0" * 16})

    def test_gpg_sees_no_name_and_no_date(self):
        run = self.users.run("--list-packets", data=self.encrypt(b"text", ["cv25519"]))
        self.assertIn(b'mode b (62), created 0, name=""', run.stdout)
        self.assertIn(b"mdc_method: 2", run.stdout)
        self.assertIn(b"compressed packet: algo=1", run.stdout)

    def test_another_home_opens_nothing(self):
        for options in ([], ["--anonymous"]):
            with self.assertRaises(gpg.DecryptionFailed):
                self.stranger.decrypt(self.encrypt(b"secret", ["cv25519", "rsa2048"], *options))

    def test_a_changed_octet_is_noticed(self):
        armour = self.encrypt(octets(2000), ["cv25519"]).split(b"\r\n")
        for line in (10, len(armour) // 2, len(armour) - 6):
            changed = list(armour)
            letters = bytearray(changed[line])
            letters[40] = ord("A") if letters[40] != ord("A") else ord("B")
            changed[line] = bytes(letters)
            # No checksum line: it is the MDC that has to notice.
            del changed[-3]
            with self.assertRaises(gpg.DecryptionFailed):
                self.users.decrypt(b"\r\n".join(changed))

    # ---- other programs, with the secret keys that gpg made

    def secret_key(self, kind):
        path = self.directory / f"{kind}.secret.asc"
        if not path.exists():
            address = gpg.address_of(kind)
            path.write_bytes(self.users.run("--armor", "--export-secret-keys", address).stdout)
        return path

    def need(self, program):
        if not shutil.which(program):
            self.skipTest(f"{program} is not installed")

    def run_sop(self, program, armour, kind):
        run = subprocess.run([program, "decrypt", str(self.secret_key(kind))], input=armour,
                             capture_output=True, check=False)
        self.assertEqual(run.returncode, 0, (program, kind, run.stderr[-2000:]))
        return run.stdout

    def check_sop(self, program, kinds, sizes=SOP_SIZES):
        self.need(program)
        for kind in kinds:
            for size in sizes if kind == "cv25519" else [20000]:
                for options in ([], ["--zlib"]) if size == 70000 else ([],):
                    with self.subTest(kind=kind, size=size, options=options):
                        armour = self.encrypt(text(size), [kind], *options)
                        self.assertTrue(self.run_sop(program, armour, kind) == text(size))
        several = self.encrypt(text(3000), kinds)
        self.assertEqual(self.run_sop(program, several, kinds[-1]), text(3000))
        # To several anonymous recipients: sqop 0.27 tries the first only, gosop and PGPainless give
        # up at a point of another curve. They treat gpg's own such messages alike.
        anonymous = self.encrypt(text(3000), kinds[:1], "--anonymous")
        self.assertEqual(self.run_sop(program, anonymous, kinds[0]), text(3000))

    def test_sequoia_opens_it(self):
        self.check_sop("sqop", SOP_KINDS)

    def test_gosop_opens_it(self):
        self.check_sop("gosop", SOP_KINDS)

    def test_pgpainless_opens_it(self):
        self.check_sop("pgpainless-cli", SOP_KINDS + BRAINPOOL[:1], sizes=[0, 70000])

    def test_mail_that_covers_its_compressed_original_is_opened(self):
        plain = b"a" * 1000000
        armour = self.encrypt(plain, ["cv25519"], "--zlib", "--cover")
        self.assertGreaterEqual(len(armour), len(plain))
        self.assertTrue(self.decrypt_files(self.users, [armour]) == [plain])
        for program in ("sqop", "gosop", "pgpainless-cli"):
            if shutil.which(program):
                with self.subTest(program=program):
                    self.assertTrue(self.run_sop(program, armour, "cv25519") == plain)

    def test_openpgpjs_opens_version_two(self):
        javascript = decryptors.OpenpgpjsNode()
        missing = javascript.missing()
        if missing:
            self.skipTest(missing)
        jobs = []
        for kind in SOP_KINDS + BRAINPOOL:
            for size in (0, 1, 70000, 1000000) if kind == "cv25519" else (20000,):
                for options in ([], ["--anonymous"], ["--zlib", "--cover"]):
                    name = self.directory / f"{kind}-{size}-{len(options)}"
                    name.write_bytes(self.encrypt(octets(size), [kind], "--seipd2", *options))
                    jobs.append({"kind": kind, "key": str(self.secret_key(kind)), "armour": str(name),
                                 "output": f"{name}.plain", "size": size})
        javascript.decrypt(jobs, self.directory)
        for job in jobs:
            with self.subTest(job=job["armour"]):
                plain = pathlib.Path(job["output"])
                self.assertTrue(plain.exists(), pathlib.Path(f"{plain}.error"))
                self.assertTrue(plain.read_bytes() == octets(job["size"]))

    def test_rnp_opens_it(self):
        self.need("rnp")
        home = self.directory / "rnp"
        home.mkdir(mode=0o700)
        kinds = SOP_KINDS + BRAINPOOL
        for kind in kinds:
            subprocess.run(["rnpkeys", "--homedir", home, "--import-keys", self.secret_key(kind)],
                           check=True, capture_output=True)
        for kind in kinds:
            for size in SOP_SIZES if kind == "cv25519" else [20000]:
                for options in ([], ["--zlib"]) if size == 70000 else ([],):
                    with self.subTest(kind=kind, size=size, options=options):
                        armour = self.encrypt(octets(size), [kind], *options)
                        run = subprocess.run(["rnp", "--homedir", home, "--decrypt", "-",
                                              "--output", "-"], input=armour, capture_output=True,
                                             check=False)
                        self.assertEqual(run.returncode, 0, run.stderr[-2000:])
                        self.assertTrue(run.stdout == octets(size))


if __name__ == "__main__":
    harness.main()
