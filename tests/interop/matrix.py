"""The interop matrix: each kind of key, each decryptor, sizes around every boundary, all octets equal."""

import concurrent.futures
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lib"))
import decryptors
import gpg
import harness
import openpgp
import testkeys

ENCRYPT = harness.BUILD / "tests/encrypt"
SEAL = harness.BUILD / "tests/seal_for_test"
LARGE = 30 * 1000 * 1000

# Where OpenPGP's length encodings, our blocks (8 KiB packets, 57-octet lines, 65,535-octet deflate
# blocks, 16-octet cipher blocks) and base64 begin anew.
BOUNDARIES = [0, 1, 2, 15, 16, 17, 56, 57, 58, 191, 192, 193, 511, 512, 513, 8191, 8192, 8193, 8383,
              8384, 8385, 16384, 65535, 65536, 65537, 131070, 131072]
FEW = [0, 513, 8384, 65537]

# What a program cannot do with messages that gpg itself writes to such a key either.
CANNOT = {("Sequoia (sqop)", "brainpool"): "Debian's build has no Brainpool"}

# SEIPD version 2 and version 6 PKESK (RFC 9580, July 2024; `seipd2 = auto`): who reads them. The others
# are older, and GnuPG will not.
READS_VERSION_TWO = ["OpenPGP.js, Node", "OpenPGP.js, Chromium"]
VERSION_TWO_KINDS = ["cv25519", "rsa2048", "nistp384", "brainpoolp256r1"]


def content(size, utf8_only):
    """ASCII lines for programs that change other octets."""
    octets = random.Random(size).randbytes(size)
    if not utf8_only:
        return octets
    return octets.translate(bytes(32 + value % 95 for value in range(256)))


class Cell:
    """What came of one kind of key with one decryptor."""

    def __init__(self):
        self.equal = 0
        self.wrong = []  # (what, why)

    def text(self):
        return f"{self.equal}" if not self.wrong else f"{self.equal} of {self.equal + len(self.wrong)}"


class Matrix:
    """`version` is that of the SEIPD packets."""

    def __init__(self, kinds=None, chosen=None, full=False, version=1):
        self.kinds = list(kinds or (gpg.KINDS if version == 1 else VERSION_TWO_KINDS))
        self.full = full
        self.version = version
        self.missing = {}
        self.decryptors = []
        for decryptor in chosen or decryptors.ALL:
            why = decryptor.missing()
            if why:
                self.missing[decryptor.name] = why
            else:
                self.decryptors.append(decryptor)
        self.cells = {}
        self.paddings = {kind: set() for kind in self.kinds}
        self.directory = harness.temporary_directory()

    def sizes(self, decryptor, kind):
        """[(size, options)]"""
        if self.reason(decryptor.name, kind):
            return [(513, []), (8384, ["--zlib"])]
        if decryptor.slow and not self.full:
            return [(513, []), (65537, [])] if kind == "cv25519" else [(8384, [])]
        many = kind == "cv25519" or (not decryptor.slow and (self.full or kind == "rsa2048"))
        sizes = BOUNDARIES if many else FEW
        chosen = [(size, []) for size in sizes]
        chosen += [(size, ["--unpadded"]) for size in (1000, 1001, 1002)]  # each end of base64
        chosen += [(20000, ["--zlib"])]
        if kind == "cv25519" and (self.full or not decryptor.slow) and decryptor.name != "PGPy":
            chosen.append((LARGE if self.full else LARGE // 10, []))
        return chosen

    def run(self):
        self.make_keys()
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            runs = {pool.submit(self.run_one, decryptor): decryptor for decryptor in self.decryptors}
            for run in concurrent.futures.as_completed(runs):
                run.result()
        return self

    def make_keys(self):
        with testkeys.users(self.directory) as users:
            for kind in self.kinds:
                (self.directory / f"{kind}.key").write_bytes(
                    users.run("--armor", "--export-secret-keys", gpg.address_of(kind)).stdout)
                certificate = testkeys.certificate(kind).read_bytes()
                (self.directory / f"{kind}.packet").write_bytes(
                    openpgp.encryption_packet(certificate))

    def run_one(self, decryptor):
        work = harness.temporary_directory()
        tasks = []
        for kind in self.kinds:
            for number, (size, options) in enumerate(self.sizes(decryptor, kind)):
                armour = work / f"{kind}-{number}.asc"
                armour.write_bytes(self.encrypt(kind, content(size, decryptor.utf8_only), options))
                job = {"kind": kind, "key": str(self.directory / f"{kind}.key"),
                       "armour": str(armour), "output": str(work / f"{kind}-{number}.out")}
                tasks.append((job, size, options))
        started = time.monotonic()
        decryptor.decrypt([job for job, _, _ in tasks], work)
        print(f"{decryptor.name}: {len(tasks)} messages in {time.monotonic() - started:.1f} s", flush=True)
        for job, size, options in tasks:
            self.judge(decryptor, job, size, options)

    def encrypt(self, kind, plain, options):
        if self.version == 2:
            options = [*options, "--seipd2"]
        armour = subprocess.run([ENCRYPT, "--lf", *options, self.directory / f"{kind}.packet"],
                                input=plain, capture_output=True, check=True).stdout
        last = armour.split(b"\n")[-4]
        self.paddings[kind].add(last.count(b"="))
        return armour

    def judge(self, decryptor, job, size, options):
        cell = self.cells.setdefault((decryptor.name, job["kind"]), Cell())
        what = " ".join([str(size), *options])
        output = pathlib.Path(job["output"])
        error = pathlib.Path(job["output"] + ".error")
        failed = error.exists() or not output.exists()
        if failed and not self.reason(decryptor.name, job["kind"]):  # to be looked at
            kept = harness.BUILD / "interop-failures"
            kept.mkdir(exist_ok=True)
            shutil.copy2(job["armour"], kept / f"{decryptor.program}-{job['kind']}-{size}.asc")
        if error.exists():
            cell.wrong.append((what, error.read_text(errors="replace").strip()[:300]))
        elif not output.exists():
            cell.wrong.append((what, "it wrote nothing"))
        elif output.read_bytes() != content(size, decryptor.utf8_only):
            cell.wrong.append((what, "other octets"))
        else:
            cell.equal += 1

    def reason(self, name, kind):
        """Why this cell may be empty, or nothing."""
        if self.version == 2 and name not in READS_VERSION_TWO:
            return "it is older than SEIPD version 2"
        for (program, prefix), why in CANNOT.items():
            if program == name and kind.startswith(prefix):
                return why
        return None

    def rows(self):
        yield ["", *(decryptor.name for decryptor in self.decryptors)]
        yield ["", *(decryptor.version() for decryptor in self.decryptors)]
        for kind in self.kinds:
            row = [kind]
            for decryptor in self.decryptors:
                cell = self.cells[decryptor.name, kind]
                cannot = self.reason(decryptor.name, kind) and cell.equal == 0
                row.append("cannot" if cannot else cell.text())
            yield row

    def table(self):
        return align(self.rows())


def align(rows):
    """Text columns, two blanks apart."""
    rows = [[str(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*rows)]
    return "".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() + "\n"
                   for row in rows)


def sizes_seen(kind="cv25519", lengths=(0, 100, 1000, 1100, 2000, 5000, 10000, 10100, 20000, 50000,
                                        100000, 200000, 500000, 1000000, 5000000, 10000000)):
    """[(body octets, stored octets, without padding, what an observer learns: from, to)]"""
    with tempfile.TemporaryDirectory(prefix="mdc-", dir="/tmp") as work:
        packet = pathlib.Path(work, "packet")
        packet.write_bytes(openpgp.encryption_packet(testkeys.certificate(kind).read_bytes()))

        def stored(length, *options):
            message = (b"From: a@out.test\nSubject: s\nContent-Type: text/plain\n\n"
                       + content(length, True))
            return len(subprocess.run([SEAL, "--lf", *options, packet], input=message,
                                      capture_output=True, check=True).stdout)

        for length in lengths:
            size = stored(length)
            yield [length, size, stored(length, "--unpadded"), first_with(stored, length, size, -1),
                   first_with(stored, length, size, 1)]


def first_with(stored, length, size, direction):
    """The shortest or longest body that is stored in `size` octets."""
    inside, step = length, 1
    while inside + direction * step >= 0 and stored(inside + direction * step) == size:
        inside, step = inside + direction * step, step * 2
    while step > 0:
        beyond = inside + direction * step
        if beyond >= 0 and stored(beyond) == size:
            inside = beyond
        else:
            step //= 2
    return inside
